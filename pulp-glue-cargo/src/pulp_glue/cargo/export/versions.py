"""The crate versions that an export has, and the names of their files."""

import re
from dataclasses import dataclass

from pulp_glue.cargo.export.copying import Unexportable

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
VERS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
CKSUM = re.compile(r"[0-9a-f]{64}")
# All at once, because an export checks each of its versions.
ALL = re.compile(f"{NAME.pattern} {VERS.pattern} {CKSUM.pattern}")
# With the name, a file name that every file system accepts.
LONGEST_VERS = 150


class ExportError(Exception):
    """An export that cannot go on."""


@dataclass(frozen=True, slots=True)
class ExportedVersion:
    """A crate version with its index line, without a line end; `size` in bytes is None if unknown.

    `source` is for who fetches its file.
    """

    name: str
    vers: str
    cksum: str
    line: str
    size: int | None = None
    yanked: bool = False
    source: str | None = None

    @property
    def stem(self) -> str:
        """The name of the folder in the .crate file, and of that file without its suffix."""
        return f"{self.name}-{self.vers}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A crate version that was left out, and why."""

    name: str
    vers: str
    reason: str


def require_names(version: ExportedVersion) -> None:
    """Raise Unexportable if a name or version is none, since both become parts of paths."""
    name, vers, cksum = version.name, version.vers, version.cksum
    if len(vers) <= LONGEST_VERS and ALL.fullmatch(f"{name} {vers} {cksum}"):
        return
    if not NAME.fullmatch(version.name):
        raise Unexportable(f"{version.name[:80]!r} is not the name of a crate")
    if not VERS.fullmatch(version.vers) or len(version.vers) > LONGEST_VERS:
        raise Unexportable(f"{version.vers[:80]!r} is not a version of at most 150 characters")
    if not CKSUM.fullmatch(version.cksum):
        raise Unexportable(f"{version.cksum[:80]!r} is not a SHA-256 checksum")


def index_prefix(name: str) -> str:
    """Return the folders of a crate's index file, in the case of the name.

    >>> [index_prefix(name) for name in ("a", "io", "Log", "Serde")]
    ['1', '2', '3/L', 'Se/rd']
    """
    match len(name):
        case 1 | 2 as short:
            return f"{short}"
        case 3:
            return f"3/{name[0]}"
        case _:
            return f"{name[:2]}/{name[2:4]}"


def index_path(name: str) -> str:
    """Return the path of a crate's index file below the index (Cargo Book, "Index Files").

    >>> index_path("Serde")
    'se/rd/serde'
    """
    return f"{index_prefix(name.lower())}/{name.lower()}"


def index_file(versions: list[ExportedVersion]) -> bytes:
    """Return the index file of a crate."""
    return "".join(f"{one.line}\n" for one in versions).encode()
