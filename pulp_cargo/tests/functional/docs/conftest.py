"""A reader of the guides: a home directory with nothing in it, and a shell that stays open."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.docs.shell import DOCS, Shell, about_here, blocks
from pulp_cargo.tests.support.stack import Stack

GUIDES = DOCS / "user" / "guides"


def environment() -> dict[str, str]:
    """Return the environment without what would make cargo look into the tester's own files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CARGO_")}
    # rustup finds its toolchains below the home directory, which the reader has not.
    kept.setdefault("RUSTUP_HOME", str(Path.home() / ".rustup"))
    return kept


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """An empty home directory."""
    directory = Path(tempfile.mkdtemp(prefix="pulp-cargo-reader-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def values(stack: Stack) -> Mapping[str, str]:
    """What the first block of the first guide asks its reader for."""
    ready = stack.ready
    return {
        "PULP": ready["api_url"],
        "PULP_USER": f"{ready['admin_user']}:{ready['admin_password']}",
    }


@pytest.fixture(scope="session")
def shell(home: Path, values: Mapping[str, str]) -> Iterator[Shell]:
    """A shell in which the guide to a private registry, on which the others build, has been run."""
    if shutil.which("curl") is None:
        pytest.skip("the guides use curl")
    with Shell(home, environment()) as reader:
        for block in blocks(GUIDES / "private-registry.md"):
            reader.run(about_here(block, values))
        yield reader
