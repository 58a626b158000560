"""Lock files in cargo's format, with the packages of a test."""

import json
from collections.abc import Sequence

from pulp_cargo.tests.support.crate import CRATES_IO, Crate

PROJECT = '[[package]]\nname = "project"\nversion = "0.1.0"\n'


def lock_file(*packages: str) -> str:
    """Return a lock file of a project with these packages."""
    return "\n".join(["version = 4\n", PROJECT, *packages])


def package(
    name: str,
    vers: str = "1.0.0",
    cksum: str | None = None,
    source: str = f"registry+{CRATES_IO}",
    deps: Sequence[str] = (),
) -> str:
    """Return a package, by default from crates.io."""
    checksum = f'checksum = "{cksum}"\n' if cksum else ""
    dependencies = f"dependencies = {json.dumps(list(deps))}\n" if deps else ""
    return (
        f'[[package]]\nname = "{name}"\nversion = "{vers}"\nsource = "{source}"\n'
        f"{checksum}{dependencies}"
    )


def locked(crate: Crate, own_url: str = "", source: str = f"registry+{CRATES_IO}") -> str:
    """Return the package of a crate with the checksum of its file."""
    return package(crate.name, crate.vers, crate.cksum(own_url), source)
