"""Exports as a directory source: unpacked crates, as `cargo vendor` writes them.

Each folder has a `.cargo-checksum.json` with the checksums of all its files and of the .crate file
(Cargo Book, "Source Replacement", "Directory Sources"). Folders are named after the version as with
`cargo vendor --versioned-dirs`.
"""

import gzip
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from pulp_glue.cargo.export.copying import Unexportable
from pulp_glue.cargo.export.folder import ExportFolder
from pulp_glue.cargo.export.versions import ExportedVersion

DIRECTORY = "directory"
CHECKSUMS = ".cargo-checksum.json"
# What cargo itself unpacks at most, in bytes (`MAX_UNPACK_SIZE` of its source).
MOST_BYTES = 512 * 1024 * 1024
# Archive members are small, and each costs an inode.
MOST_FILES = 100_000
# `cargo vendor` leaves these out, since tools change them when a folder is committed.
LEFT_OUT = (".gitattributes", ".gitignore", ".git", ".cargo-ok")
LEFT_OUT_SUFFIXES = (".orig", ".rej")
CHUNK = 64 * 1024


class DirectorySource:
    """Writes unpacked crates."""

    def __init__(self, folder: ExportFolder, *, with_yanked: bool = False) -> None:
        """Without `with_yanked`, yanked versions are left out: the format cannot mark them."""
        self.folder = folder
        self._with_yanked = with_yanked
        self._wanted: set[str] = set()

    def selects(self, version: ExportedVersion) -> bool:
        """Whether a version belongs into the export."""
        return self._with_yanked or not version.yanked

    def load(self, crates: Mapping[str, list[ExportedVersion]]) -> None:
        """Nothing: each folder has its checksum."""

    def has(self, version: ExportedVersion) -> bool:
        """Whether the version is there, unpacked from a file with this checksum."""
        return self._unpacked_from(self.folder.root / version.stem) == version.cksum

    def add(self, version: ExportedVersion, verified: str) -> None:
        """Unpack the verified file of a version; raises Unexportable."""
        unpacked = Path(tempfile.mkdtemp(dir=self.folder.unfinished))
        try:
            files = dict(_unpack(verified, version.stem, unpacked))
            checksums = {"files": dict(sorted(files.items())), "package": version.cksum}
            (unpacked / CHECKSUMS).write_text(json.dumps(checksums, separators=(",", ":")))
            unpacked.chmod(0o755)
            final = self.folder.root / version.stem
            if final.exists():
                self.folder.remove(version.stem)
            self.folder.publish(str(unpacked), version.stem)
        finally:
            os.unlink(verified)
            shutil.rmtree(unpacked, ignore_errors=True)

    def index(self, path: str, versions: list[ExportedVersion]) -> None:
        """Note the versions of a crate; there is no index file."""
        self._wanted.update(one.stem for one in versions)

    def finish(self) -> None:
        """Remove all other crates."""
        for path in self.folder.root.iterdir():
            if path.name not in self._wanted and (path / CHECKSUMS).is_file():
                self.folder.remove(path.name)

    @staticmethod
    def _unpacked_from(folder: Path) -> str | None:
        try:
            found = json.loads((folder / CHECKSUMS).read_bytes())["package"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return str(found)


def _unpack(packed: str, stem: str, into: Path) -> Iterator[tuple[str, str]]:
    """Unpack a .crate file; yield path and SHA-256 of each file. Raises Unexportable."""
    try:
        with gzip.open(packed) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            left = MOST_BYTES
            for number, member in enumerate(archive):
                left -= max(member.size, 0)
                if left < 0 or number >= MOST_FILES:
                    raise Unexportable(
                        f"the archive has more than {MOST_BYTES} bytes or {MOST_FILES} files"
                    )
                if member.isdir():
                    continue
                path = _path(member, stem)
                if not _is_left_out(path):
                    yield path.as_posix(), _extract(archive, member, into / path)
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise Unexportable(f"the archive cannot be unpacked: {error}") from error


def _path(member: tarfile.TarInfo, stem: str) -> PurePosixPath:
    """Return the path of a regular file below the crate's folder; nothing else is unpacked."""
    path = PurePosixPath(member.name)
    if not member.isreg():
        raise Unexportable(f"{member.name[:200]!r} in the archive is not a regular file")
    if path.is_absolute() or ".." in path.parts or path.parts[0] != stem or len(path.parts) < 2:
        raise Unexportable(f"{member.name[:200]!r} in the archive is not below {stem!r}")
    return PurePosixPath(*path.parts[1:])


def _is_left_out(path: PurePosixPath) -> bool:
    if path.as_posix() == CHECKSUMS:
        return True
    return path.name in LEFT_OUT or ".git" in path.parts or path.suffix in LEFT_OUT_SUFFIXES


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, final: Path) -> str:
    content = archive.extractfile(member)
    assert content is not None, "it is a regular file"
    final.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    # Never through a link or onto another file: no archive has a path twice for a good reason.
    mode = 0o755 if member.mode & 0o100 else 0o644
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        handle = os.open(final, flags, mode)
    except (FileExistsError, IsADirectoryError) as error:
        raise Unexportable(f"{member.name[:200]!r} is in the archive twice") from error
    with os.fdopen(handle, "wb") as file:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
