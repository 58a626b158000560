"""Reading a .crate file under limits, and refusing what is unsafe or ambiguous to unpack.

Cargo refuses any entry outside `{name}-{version}/` (Cargo Book, Registry Web API, Publish). The rules
for paths follow from unpacking on Windows and macOS, where other paths are equal or special.
"""

import re
from dataclasses import dataclass, field
from typing import BinaryIO

from pulp_cargo.protocol.errors import InvalidCrateFile
from pulp_cargo.protocol.gzip_stream import GzipStream
from pulp_cargo.protocol.names import WINDOWS_DEVICES
from pulp_cargo.protocol.tar import TarEntry, TarReader

MANIFEST = "Cargo.toml"

_DEVICES = "|".join(sorted(WINDOWS_DEVICES))
_UNSAFE = (
    (re.compile(r"\0"), "has a NUL character"),
    (re.compile(r"\\"), "has a backslash"),
    (re.compile(r"(?:^|/)(?:/|$)"), "has an empty component"),
    (re.compile(r"(?:^|/)\.{1,2}(?:/|$)"), "has a component `.` or `..`"),
    (re.compile(r"[. ](?:/|$)"), "has a component that ends in a dot or space"),
    (re.compile(r"(?:^|/)[A-Za-z]:"), "has a drive letter"),
    (re.compile(rf"(?:^|/)(?:{_DEVICES}) *(?:[./]|$)", re.IGNORECASE), "names a Windows device"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a .crate file may hold."""

    unpacked_bytes: int
    entries: int
    manifest_bytes: int = 1024 * 1024
    readme_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CrateFile:
    """What a registry reads in a .crate file; `root` is the folder that holds everything."""

    root: str
    manifest: bytes
    entries: int
    unpacked_size: int
    readmes: dict[str, bytes]

    def require_root_of(self, name: str, vers: str) -> None:
        """Raise unless the archive unpacks into the folder where cargo looks for the version."""
        if self.root != f"{name}-{vers}":
            raise InvalidCrateFile(
                f"the crate file unpacks to `{self.root}`, but its manifest is of `{name}-{vers}`"
            )

    def readme(self, path: str | None) -> bytes | None:
        """Return the readme to which a manifest points, None if it is not there."""
        return None if path is None else self.readmes.get(path.removeprefix("./"))


def read_crate_file(
    file: BinaryIO,
    *,
    name: str | None,
    vers: str | None,
    limits: Limits,
    wanted: str | None = None,
) -> CrateFile:
    """Read all of a .crate file and return its parts, or raise with what is wrong with it.

    Kept are the manifest, files in the root called readme, and `wanted`, the path of another one.
    Where name and version are not known yet, the first entry decides on the root, and the caller
    must compare it with the manifest.
    """
    stream = GzipStream(file, limits.unpacked_bytes)
    reader = TarReader(stream)
    contents = _Contents(f"{name}-{vers}" if name and vers else None, limits, wanted)
    for entry in reader:
        path = contents.add(entry)
        if contents.wants(path, entry):
            contents.keep(path, reader.read_content())
    if contents.manifest is None or contents.root is None:
        raise InvalidCrateFile(f"the crate file has no `{MANIFEST}` in its root")
    return CrateFile(
        root=contents.root,
        manifest=contents.manifest,
        entries=contents.entries,
        unpacked_size=stream.unpacked_size,
        readmes=contents.readmes,
    )


@dataclass(slots=True)
class _Contents:
    """What was seen so far of the entries of a .crate file."""

    root: str | None
    limits: Limits
    wanted: str | None
    entries: int = 0
    manifest: bytes | None = None
    readmes: dict[str, bytes] = field(default_factory=dict)
    kept_bytes: int = 0
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)

    def add(self, entry: TarEntry) -> str:
        """Check an entry and return its path below the root."""
        self.entries += 1
        if self.entries > self.limits.entries:
            raise InvalidCrateFile(f"the crate file has more than {self.limits.entries} entries")
        full = _safe_path(entry)
        if self.root is None:
            self.root = full.partition("/")[0]
        path = _path_below(self.root, full, entry.is_directory)
        if path.lower() == MANIFEST.lower() and path != MANIFEST:
            raise InvalidCrateFile(f"the manifest must be called {MANIFEST!r}, not {path!r}")
        self._require_unique(path, entry.is_directory)
        return path

    def wants(self, path: str, entry: TarEntry) -> bool:
        """Return whether the content is worth keeping."""
        if entry.is_directory:
            return False
        if path == MANIFEST:
            if entry.size > self.limits.manifest_bytes:
                raise InvalidCrateFile(
                    f"`{MANIFEST}` has {entry.size} bytes, more than {self.limits.manifest_bytes}"
                )
            return True
        is_readme = path == self.wanted or ("/" not in path and path.lower().startswith("readme"))
        return is_readme and self.kept_bytes + entry.size <= self.limits.readme_bytes

    def keep(self, path: str, content: bytes) -> None:
        """Remember the content of a file that is wanted."""
        if path == MANIFEST:
            self.manifest = content
        else:
            self.readmes[path] = content
            self.kept_bytes += len(content)

    def _require_unique(self, path: str, is_directory: bool) -> None:
        folded = path.casefold()
        taken = folded in self.files or (folded in self.folders and not is_directory)
        (self.folders if is_directory else self.files).add(folded)
        parent = folded.rpartition("/")[0]
        while parent and parent not in self.folders:
            taken = taken or parent in self.files
            self.folders.add(parent)
            parent = parent.rpartition("/")[0]
        # Folders need no entry of their own: a few deep paths could name millions of them.
        if len(self.folders) > self.limits.entries:
            raise InvalidCrateFile(f"the crate file has more than {self.limits.entries} folders")
        if taken:
            raise InvalidCrateFile(
                f"the crate file has {path!r} twice, or as file and folder; "
                "letter case makes no other path"
            )


def _safe_path(entry: TarEntry) -> str:
    try:
        path = entry.path.decode()
    except UnicodeDecodeError as error:
        raise InvalidCrateFile(f"the path {entry.path!r} in the crate file is not UTF-8") from error
    if entry.is_directory:
        path = path.removesuffix("/")
    for pattern, fault in _UNSAFE:
        if pattern.search(path):
            raise InvalidCrateFile(f"the path {path!r} in the crate file {fault}")
    return path


def _path_below(root: str, path: str, is_directory: bool) -> str:
    if path == root and is_directory:
        return ""
    if not path.startswith(f"{root}/"):
        raise InvalidCrateFile(f"the path {path!r} in the crate file is not below `{root}/`")
    return path.removeprefix(f"{root}/")
