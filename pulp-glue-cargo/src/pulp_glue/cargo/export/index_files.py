"""Exports that consist of index files and .crate files: static registries and local registries.

A static registry is a sparse registry of plain files (Cargo Book, "Registry Index"). A local
registry is a folder for `local-registry` in cargo's configuration (Cargo Book, "Source
Replacement").
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pulp_glue.cargo.export.folder import OWN, ExportFolder
from pulp_glue.cargo.export.versions import (
    ExportedVersion,
    ExportError,
    index_file,
)

STATIC, LOCAL = "static", "local-registry"
SUFFIX = ".crate"
MARKERS = ("{crate}", "{version}", "{prefix}", "{lowerprefix}", "{sha256-checksum}")
# Where a static registry has its .crate files, below its URL, as in `dl`.
CRATES, TEMPLATE = "crates", "{crate}/{crate}-{version}.crate"


def static_dl(url: str) -> str:
    """Return the `dl` of a static registry, whose .crate files are below a URL.

    One with cargo's markers stays as it is. Raises ExportError.

    >>> static_dl("https://static.example.org/team/crates/")
    'https://static.example.org/team/crates/{crate}/{crate}-{version}.crate'
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "file") or not (parts.netloc or parts.path):
        raise ExportError(
            f"{url!r} is not a URL for downloads, which begins with http, https or file"
        )
    if any(marker in url for marker in MARKERS):
        return url
    return f"{url.rstrip('/')}/{TEMPLATE}"


class IndexedFiles:
    """Writes index files and .crate files; below `index` are the former."""

    def __init__(self, folder: ExportFolder, *, dl: str | None = None) -> None:
        """`dl` is for static registries, and None for local ones, which have no `config.json`."""
        self.folder = folder
        self._dl = dl
        self._index = "index/" if folder.kind == LOCAL else ""
        # The checksums of the files that the index names; those were verified before.
        self._indexed: dict[str, str] = {}

    def selects(self, version: ExportedVersion) -> bool:
        """Whether the format can have a version: all."""
        return True

    def load(self, paths: Sequence[str]) -> None:
        """Read the checksums of what earlier runs have written into the index files of crates."""
        for path in paths:
            for name, vers, cksum in self._entries(self.folder.root / (self._index + path)):
                self._indexed[f"{name}-{vers}"] = cksum

    def has(self, version: ExportedVersion) -> bool:
        """Whether the verified file of a version is there."""
        file = self.folder.root / self._file(version)
        try:
            size = file.stat().st_size
        except OSError:
            return False
        if version.size not in (None, size):
            return False
        known = self._indexed.get(version.stem)
        # A run that was killed wrote the file, but not yet the index file.
        return (_sha256(file) if known is None else known) == version.cksum

    def add(self, version: ExportedVersion, verified: Path) -> None:
        """Take over the verified file of a version."""
        verified.chmod(0o644)
        self.folder.publish(verified, self._file(version))

    def finish(self, crates: Mapping[str, list[ExportedVersion]]) -> None:
        """Make the index name exactly these crates, each by its path, and remove all other files."""
        for path, versions in crates.items():
            self.folder.write(self._index + path, index_file(versions))
        if self._dl is not None:
            self.folder.write("config.json", json.dumps({"dl": self._dl}).encode() + b"\n")
        index = {self._index + path for path in crates}
        self._remove_others(self._index_files(), index)
        # Only now, since no index file may name a file that is not there.
        files = {self._file(one) for versions in crates.values() for one in versions}
        self._remove_others(self._crate_files(), files)

    def _remove_others(self, found: Iterator[Path], wanted: set[str]) -> None:
        for path in list(found):
            if path.relative_to(self.folder.root).as_posix() not in wanted:
                self.folder.remove(path)

    def _file(self, version: ExportedVersion) -> str:
        file = f"{version.stem}{SUFFIX}"
        return file if self.folder.kind == LOCAL else f"{CRATES}/{version.name}/{file}"

    def _entries(self, path: Path) -> Iterator[tuple[str, str, str]]:
        try:
            text = path.read_text()
        except (OSError, ValueError):
            return
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                yield entry["name"], entry["vers"], entry["cksum"]
            except (ValueError, TypeError, KeyError):
                # The file is written anew.
                continue

    def _index_files(self) -> Iterator[Path]:
        """Yield the index files that there are, at the depth at which cargo looks for them."""
        root = self.folder.root / self._index
        for first in _folders(root):
            if first.name in ("1", "2"):
                yield from _files(first)
            elif first.name == "3" or len(first.name) == 2:
                for second in _folders(first):
                    yield from _files(second)

    def _crate_files(self) -> Iterator[Path]:
        """Yield the .crate files that there are."""
        root = self.folder.root
        folders = [root] if self.folder.kind == LOCAL else _folders(root / CRATES)
        for folder in folders:
            for file in _files(folder):
                if file.suffix == SUFFIX:
                    yield file


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    with os.scandir(path) as entries:
        return [
            Path(one.path)
            for one in entries
            if one.is_dir(follow_symlinks=False) and one.name != OWN
        ]


def _files(path: Path) -> list[Path]:
    with os.scandir(path) as entries:
        return [Path(one.path) for one in entries if one.is_file(follow_symlinks=False)]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
