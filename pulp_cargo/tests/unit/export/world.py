"""Crate versions with real .crate files, and an upstream of them that counts and fails."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from pulp_glue.cargo.export.directory import DIRECTORY, DirectorySource
from pulp_glue.cargo.export.folder import open_folder
from pulp_glue.cargo.export.index_files import IndexedFiles
from pulp_glue.cargo.export.versions import ExportedVersion
from pulp_glue.cargo.export.write import Report, write

from pulp_cargo.tests.support.crate import Crate

DL = "https://static.example/crates/{crate}/{crate}-{version}.crate"


def version_of(crate: Crate, *, yanked: bool = False) -> ExportedVersion:
    """Return a version as a registry has it."""
    packed = crate.packed()
    return ExportedVersion(
        crate.name,
        crate.vers,
        crate.cksum(),
        json.dumps(
            {"name": crate.name, "vers": crate.vers, "cksum": crate.cksum(), "yanked": yanked}
        ),
        len(packed),
        yanked,
    )


@dataclass
class Upstream:
    """The files of some crates; `broken` have another byte, and the run `dies` at the given one.

    With `killed`, its process does.
    """

    crates: list[Crate]
    yanked: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    dies: str | None = None
    killed: bool = False
    sent: list[str] = field(default_factory=list)

    def versions(self) -> list[ExportedVersion]:
        """Return all of them."""
        return [version_of(one, yanked=one.root in self.yanked) for one in self.crates]

    def fetch(self, version: ExportedVersion) -> Iterator[bytes]:
        """Send a file in two pieces."""
        (crate,) = [one for one in self.crates if one.root == version.stem]
        packed = crate.packed()
        self.sent.append(version.stem)
        yield packed[:10]
        if version.stem == self.dies:
            if self.killed:
                os.kill(os.getpid(), signal.SIGKILL)
            raise KeyboardInterrupt
        rest = packed[10:]
        yield rest[:-1] + bytes([rest[-1] ^ 1]) if version.stem in self.broken else rest

    def export(self, root: Path, kind: str, **how: bool) -> Report:
        """Run an export in one thread; `sent` are the files of this run only."""
        self.sent.clear()
        with open_folder(root, kind) as folder:
            target = (
                DirectorySource(folder, **how)
                if kind == DIRECTORY
                else IndexedFiles(folder, dl=DL if kind == "static" else None)
            )
            found = groupby(self.versions(), lambda one: one.name.lower())
            return write((list(one) for _, one in found), self.fetch, target, jobs=1)


def tree(root: Path) -> dict[str, bytes]:
    """Return all visible files of an export."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.relative_to(root).parts[0].startswith(".pulp")
    }
