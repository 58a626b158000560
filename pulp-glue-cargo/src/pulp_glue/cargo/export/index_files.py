"""Exports that consist of index files and .crate files: static registries and local registries.

A static registry is a sparse registry of plain files (Cargo Book, "Registry Index"). A local
registry is a folder for `local-registry` in cargo's configuration (Cargo Book, "Source
Replacement").
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pulp_glue.cargo.export.folder import ExportFolder
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
        self._contents: dict[str, bytes | None] = {}
        self._wanted_indexes: set[str] = set()
        self._wanted_files: set[str] = set()

    def selects(self, version: ExportedVersion) -> bool:
        """Whether the format can have a version: all."""
        return True

    def load(self, crates: Mapping[str, list[ExportedVersion]]) -> None:
        """Read what earlier runs have written into the index files of crates."""
        self._indexed.clear()
        for path, versions in crates.items():
            content = self._contents[path] = self.folder.read(self._index + path)
            if content is None:
                continue
            # Reading the lines takes much longer, and most index files are unchanged.
            entries = _known(versions) if content == index_file(versions) else _entries(content)
            self._indexed.update(entries)

    def has(self, version: ExportedVersion) -> bool:
        """Whether the verified file of a version is there."""
        if self.folder.is_new:
            return False
        file = self.folder.path(self.file(version))
        try:
            size = os.stat(file).st_size
        except OSError:
            return False
        if version.size not in (None, size):
            return False
        known = self._indexed.get(version.stem)
        # A run that was killed wrote the file, but not yet the index file.
        return (_sha256(file) if known is None else known) == version.cksum

    def add(self, version: ExportedVersion, verified: str) -> None:
        """Take over the verified file of a version."""
        self.folder.publish(verified, self.file(version))

    def index(self, path: str, versions: list[ExportedVersion]) -> tuple[str, bytes] | None:
        """Return the index file of a crate, whose files are there; None if it is unchanged."""
        if not self.folder.is_new:
            self._wanted_indexes.add(self._index + path)
            self._wanted_files.update(map(self.file, versions))
        content = index_file(versions)
        return None if content == self._contents.pop(path, None) else (self._index + path, content)

    def finish(self) -> None:
        """Write the configuration, and remove all other index files and .crate files."""
        if self._dl is not None:
            self.folder.write("config.json", json.dumps({"dl": self._dl}).encode() + b"\n")
        if self.folder.is_new:
            return
        self._remove_others(self._index_files(), self._wanted_indexes)
        # Only now, since no index file may name a file that is not there.
        self._remove_others(self._crate_files(), self._wanted_files)

    def _remove_others(self, found: list[str], wanted: set[str]) -> None:
        for path in found:
            if path not in wanted:
                self.folder.remove(path)

    def file(self, version: ExportedVersion) -> str:
        """Return where the file of a version is, below the export."""
        return f"{self.parent(version)}{self.base(version)}"

    def parent(self, version: ExportedVersion) -> str:
        """Return the folder of this file, with the slash at its end; empty for the export itself."""
        return "" if self.folder.kind == LOCAL else f"{CRATES}/{version.name}/"

    @staticmethod
    def base(version: ExportedVersion) -> str:
        """Return the name of this file in its folder."""
        return f"{version.stem}{SUFFIX}"

    def _index_files(self) -> list[str]:
        """Return the index files that there are, at the depth at which cargo looks for them."""
        found = []
        for first in self._names(self._index, folders=True):
            if first in ("1", "2"):
                found += self._below(f"{self._index}{first}/")
            elif first == "3" or len(first) == 2:
                for second in self._names(f"{self._index}{first}", folders=True):
                    found += self._below(f"{self._index}{first}/{second}/")
        return found

    def _crate_files(self) -> list[str]:
        """Return the .crate files that there are."""
        folders = [""]
        if self.folder.kind == STATIC:
            folders = [f"{CRATES}/{name}/" for name in self._names(CRATES, folders=True)]
        return [path for folder in folders for path in self._below(folder) if path.endswith(SUFFIX)]

    def _below(self, folder: str) -> list[str]:
        return [folder + name for name in self._names(folder, folders=False)]

    def _names(self, folder: str, *, folders: bool) -> list[str]:
        path = self.folder.path(folder).rstrip("/")
        # What is elsewhere is not of this export.
        if folder and os.path.islink(path):
            return []
        try:
            with os.scandir(path) as entries:
                return [one.name for one in entries if one.is_dir(follow_symlinks=False) == folders]
        except FileNotFoundError:
            return []


def _known(versions: list[ExportedVersion]) -> Iterator[tuple[str, str]]:
    return ((one.stem, one.cksum) for one in versions)


def _entries(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the file name, without suffix, and the checksum of each line of an index file."""
    for line in content.splitlines():
        try:
            entry = json.loads(line)
            yield f"{entry['name']}-{entry['vers']}", entry["cksum"]
        except (ValueError, TypeError, KeyError):
            # The file is written anew.
            continue


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
