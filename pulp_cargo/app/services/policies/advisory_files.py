"""The files of an advisory database: a directory, or an archive of one.

RustSec's database has a folder for each crate below `crates/`, and other folders for advisories that
are not about crates; exports in the OSV format have all files in `crates/`, or in no folder.
"""

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

SUFFIXES = {".md", ".toml", ".json"}
# There are some thousands of advisories with some kilobytes each; an archive may be malicious.
MAX_BYTES = 1024 * 1024
MAX_FILES = 20_000

# A value that changes with the files: their paths, sizes, and times in nanoseconds.
Mark = tuple[tuple[str, int, int], ...]


class UnreadableDatabase(Exception):
    """The database cannot be read as a whole; the message says why."""


def mark(database: Path) -> Mark | None:
    """Return a value that changes with the database, None if there is none."""
    if not database.exists():
        return None
    files = _files(database) if database.is_dir() else [database]
    return tuple(sorted((str(f), s.st_size, s.st_mtime_ns) for f in files for s in (f.stat(),)))


def texts(database: Path) -> Iterator[tuple[str, bytes]]:
    """Iterate over the advisories of a database with the paths of their files.

    Raises UnreadableDatabase.
    """
    try:
        if database.is_dir():
            files = _directory(database)
        elif zipfile.is_zipfile(database):
            files = _zip(database)
        else:
            files = _tar(database)
        for number, file in enumerate(files):
            if number == MAX_FILES:
                raise UnreadableDatabase(f"it has more than {MAX_FILES} files")
            yield file
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, ValueError) as error:
        raise UnreadableDatabase(str(error) or type(error).__name__) from error


def _files(database: Path) -> Iterator[Path]:
    crates = database if database.name == "crates" else database / "crates"
    found = crates.rglob("*") if crates.is_dir() else database.glob("*.json")
    return (path for path in found if path.suffix in SUFFIXES and path.is_file())


def _counts(path: PurePosixPath) -> bool:
    """Return whether a file of an archive is an advisory about a crate.

    An archive may have a single top folder.
    """
    *folders, _ = path.parts
    return (
        path.suffix in SUFFIXES
        if "crates" in folders[:2]
        else not folders and path.suffix == ".json"
    )


def _directory(database: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(_files(database)):
        with path.open("rb") as file:
            yield str(path.relative_to(database)), file.read(MAX_BYTES + 1)


def _tar(database: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(database, "r|*") as archive:
        for number, member in enumerate(archive):
            if number == MAX_FILES:
                raise UnreadableDatabase(f"it has more than {MAX_FILES} files")
            file = archive.extractfile(member) if _is_advisory(member) else None
            if file is not None:
                yield member.name, file.read(MAX_BYTES + 1)


def _is_advisory(member: tarfile.TarInfo) -> bool:
    return member.isreg() and _counts(PurePosixPath(member.name))


def _zip(database: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(database) as archive:
        for member in archive.infolist():
            if not member.is_dir() and _counts(PurePosixPath(member.filename)):
                with archive.open(member) as file:
                    yield member.filename, file.read(MAX_BYTES + 1)
