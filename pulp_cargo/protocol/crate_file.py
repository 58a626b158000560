"""Reading a .crate file under limits, and refusing what is unsafe or ambiguous to unpack.

Cargo refuses any entry outside `{name}-{version}/` (Cargo Book, Registry Web API, Publish). Crates
that are published here must follow stricter rules, because Windows and macOS treat more paths as
equal or special. Crates of an upstream are read as cargo reads them; only what could replace the
manifest on one of these systems is refused there, too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import BinaryIO

from pulp_cargo.protocol.errors import InvalidCrateFile
from pulp_cargo.protocol.gzip_stream import GzipStream
from pulp_cargo.protocol.names import WINDOWS_DEVICES
from pulp_cargo.protocol.tar import EntryKind, TarEntry, TarReader

MANIFEST = "Cargo.toml"

# An archive may unpack to this many times its size, or to this many bytes; real crates stay far
# below. Without the ratio, half a megabyte of zeros would cost as much as the largest crate.
LARGEST_RATIO = 200
SMALL_UNPACKED_BYTES = 32 * 1024 * 1024
# Maximum total length of all paths in an archive: each is split and compared.
MOST_PATH_BYTES = 4 * 1024 * 1024

_DEVICES = "|".join(sorted(WINDOWS_DEVICES))
# Path components that Windows or macOS treat specially.
_UNSAFE = (
    (re.compile(r"[\x01-\x1f\x7f]"), "has a control character"),
    (re.compile(r"\\"), "has a backslash"),
    (re.compile(r"[. ]$"), "has a component that ends in a dot or space"),
    (re.compile(r"^[A-Za-z]:"), "has a drive letter"),
    (
        re.compile(r'[<>:"|?*]'),
        'has one of the characters `<>:"|?*`, which Windows does not allow in names',
    ),
    (re.compile(rf"^(?:{_DEVICES}) *(?:\.|$)", re.IGNORECASE), "names a Windows device"),
)
# On a file system that ignores case, the second of two such files would overwrite the first.
_BUILT = (".rs", ".toml")
# Windows has these short names for files with longer ones, among them the manifest.
_SHORT_NAME = re.compile(r"ca[^.]*~[0-9]+\.tom")
_SEPARATOR = re.compile(r"[/\\]")
# Characters that macOS ignores in the names of files.
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


class Origin(Enum):
    """Where a .crate file was published, which decides what is accepted in it.

    Of an `UPSTREAM`, everything that cargo can unpack is, and what is `IMPORTED` may have the paths
    of such a file, but no links, as on crates.io.
    """

    HERE = "here"
    IMPORTED = "imported"
    UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True)
class Limits:
    """Size limits of a .crate file."""

    unpacked_bytes: int
    entries: int
    manifest_bytes: int = 1024 * 1024
    readme_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CrateFile:
    """The parts of a .crate file that a registry needs; `root` is its top folder."""

    root: str
    manifest: bytes
    readmes: dict[str, bytes]

    def require_root_of(self, name: str, vers: str) -> None:
        """Raise unless the archive unpacks into the folder where cargo looks for the version."""
        if self.root != f"{name}-{vers}":
            raise InvalidCrateFile(
                f"the crate file unpacks to `{self.root}`, but its manifest is for `{name}-{vers}`"
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
    origin: Origin = Origin.HERE,
) -> CrateFile:
    """Read all of a .crate file and return its parts, or raise with what is wrong with it.

    The result has the manifest, readme files in the root, and `wanted`, the path of one more file.
    If name and version are not known yet, the first entry determines the root, and the caller
    must compare it with the manifest.
    """
    stream = GzipStream(file, min(limits.unpacked_bytes, _most_unpacked(file)))
    reader = TarReader(stream, as_cargo=origin is not Origin.HERE)
    contents = _Contents(f"{name}-{vers}" if name and vers else None, limits, wanted, origin)
    for entry in reader:
        path = contents.add(entry)
        if contents.wants(path, entry):
            contents.put(path, reader.read_content())
    if contents.manifest is None or contents.root is None:
        raise InvalidCrateFile(f"the crate file has no `{MANIFEST}` in its root")
    return CrateFile(
        root=contents.root,
        manifest=contents.manifest,
        readmes=contents.readmes,
    )


def files_of(
    file: BinaryIO, *, name: str, vers: str, limits: Limits
) -> Iterator[tuple[str, TarEntry, TarReader]]:
    """Iterate over the files of a .crate file as cargo unpacks them; a later path replaces an equal one.

    Each is the path below the root, the entry, and the reader, from which the content can be read
    before the next file. Raises InvalidCrateFile.
    """
    stream = GzipStream(file, min(limits.unpacked_bytes, _most_unpacked(file)))
    reader = TarReader(stream, as_cargo=True)
    contents = _Contents(f"{name}-{vers}", limits, None, Origin.UPSTREAM)
    for entry in reader:
        path = contents.add(entry)
        if entry.is_file:
            yield path, entry, reader


def _most_unpacked(file: BinaryIO) -> int:
    at = file.tell()
    packed = file.seek(0, 2) - at
    file.seek(at)
    return max(SMALL_UNPACKED_BYTES, LARGEST_RATIO * packed)


@dataclass(slots=True)
class _Contents:
    """The state of reading the entries of a .crate file."""

    root: str | None
    limits: Limits
    wanted: str | None
    origin: Origin
    entries: int = 0
    manifest: bytes | None = None
    readmes: dict[str, bytes] = field(default_factory=dict)
    readme_bytes: int = 0
    path_bytes: int = 0
    components: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)

    def add(self, entry: TarEntry) -> str:
        """Check an entry and return its path below the root."""
        self.entries += 1
        self.path_bytes += len(entry.path)
        if self.entries > self.limits.entries:
            raise InvalidCrateFile(f"the crate file has more than {self.limits.entries} entries")
        if self.path_bytes > MOST_PATH_BYTES:
            raise InvalidCrateFile(
                f"the paths in the crate file have more than {MOST_PATH_BYTES} bytes in total"
            )
        full = self._safe_path(entry)
        if self.root is None:
            self.root = full.partition("/")[0]
        path = _path_below(self.root, full, entry.is_directory)
        if self.origin is Origin.HERE:
            if path.lower() == MANIFEST.lower() and path != MANIFEST:
                raise InvalidCrateFile(f"the manifest must be called {MANIFEST!r}, not {path!r}")
            self._require_unique(path, entry.is_directory)
        else:
            self._require_one_manifest(path, entry.kind)
        return path

    def wants(self, path: str, entry: TarEntry) -> bool:
        """Return whether the content is needed."""
        if not entry.is_file:
            return False
        if path == MANIFEST:
            if entry.size > self.limits.manifest_bytes:
                raise InvalidCrateFile(
                    f"`{MANIFEST}` has {entry.size} bytes, more than {self.limits.manifest_bytes}"
                )
            return True
        is_readme = path == self.wanted or ("/" not in path and path.lower().startswith("readme"))
        return is_readme and self.readme_bytes + entry.size <= self.limits.readme_bytes

    def put(self, path: str, content: bytes) -> None:
        """Store the content of a needed file."""
        if path == MANIFEST:
            self.manifest = content
        else:
            self.readmes[path] = content
            self.readme_bytes += len(content)

    def _safe_path(self, entry: TarEntry) -> str:
        """Return an entry's path in components with one slash between them."""
        try:
            path = entry.path.decode()
        except UnicodeDecodeError as error:
            raise InvalidCrateFile(
                f"the path {entry.path!r} in the crate file is not UTF-8"
            ) from error
        if "\0" in path:
            raise _unsafe(path, "has a NUL character")
        if entry.is_directory:
            path = path.removesuffix("/")
        components = path.split("/")
        if self.origin is not Origin.HERE:
            return _as_cargo_reads(path, components)
        for component in components:
            # Most folders were seen before, since files share them.
            if component not in self.components:
                _require_safe(path, component)
                self.components.add(component)
        return path

    def _require_unique(self, path: str, is_directory: bool) -> None:
        folded = path.casefold() if path.lower().endswith(_BUILT) else path
        taken = folded in self.files or (folded in self.folders and not is_directory)
        (self.folders if is_directory else self.files).update((folded, path))
        parent = path.rpartition("/")[0]
        while parent and parent not in self.folders:
            taken = taken or parent in self.files
            self.folders.add(parent)
            parent = parent.rpartition("/")[0]
        self._require_few_folders()
        if taken:
            raise InvalidCrateFile(
                f"the crate file has {path!r} twice, or as a file and a folder; letter case does"
                " not make source paths different"
            )

    def _require_one_manifest(self, path: str, kind: EntryKind) -> None:
        """Raise if cargo could find another manifest than the one that is read here."""
        if kind is EntryKind.LINK and self.origin is Origin.IMPORTED:
            raise InvalidCrateFile(f"{path!r} in the crate file is a link; only files are allowed")
        if path == MANIFEST and self.manifest is not None:
            raise InvalidCrateFile(f"the crate file has {MANIFEST!r} twice")
        if path.lower() == MANIFEST.lower():
            if kind is not EntryKind.FILE:
                raise InvalidCrateFile(f"{path!r} in the crate file is not a file")
        elif _is_manifest_elsewhere(path):
            raise InvalidCrateFile(
                f"{path!r} in the crate file is another name of `{MANIFEST}` on Windows or macOS"
            )
        # What was read of an earlier file at this path is not what is left on the disk.
        self.readmes.pop(path, None)
        self._require_no_link_above(path.casefold())
        if kind is EntryKind.LINK:
            self.links.add(path.casefold())
            # Cargo cannot replace a folder by a link.
            self.folders.discard(path.casefold())

    def _require_no_link_above(self, folded: str) -> None:
        parent = folded.rpartition("/")[0] if self.links else ""
        while parent and parent not in self.folders:
            if parent in self.links:
                raise InvalidCrateFile(f"{folded!r} in the crate file is behind a link")
            self.folders.add(parent)
            parent = parent.rpartition("/")[0]
        self._require_few_folders()

    def _require_few_folders(self) -> None:
        # Folders need no entries of their own, so a few deep paths could imply millions of folders.
        if len(self.folders) > self.limits.entries:
            raise InvalidCrateFile(f"the crate file has more than {self.limits.entries} folders")


def _require_safe(path: str, component: str) -> None:
    if not component:
        raise _unsafe(path, "has an empty component")
    if component in (".", ".."):
        raise _unsafe(path, "has a component `.` or `..`")
    for pattern, fault in _UNSAFE:
        if pattern.search(component):
            raise _unsafe(path, fault)


def _as_cargo_reads(path: str, components: list[str]) -> str:
    """Return a path without parts that Rust's `Path` ignores; cargo unpacks none with `..`."""
    if ".." in components or path.startswith("/"):
        raise _unsafe(path, "leads out of its folder")
    # Only at the beginning a dot is a component.
    if components[0] == ".":
        raise _unsafe(path, "begins with `./`")
    return "/".join(one for one in components if one not in ("", "."))


def _is_manifest_elsewhere(path: str) -> bool:
    """Return whether Windows or macOS takes a path below the root for the manifest.

    Windows also separates components by backslashes, ignores dots and spaces at their ends, and
    reads what follows a colon as the name of a stream of the file.
    """
    components = (
        _IGNORED.sub("", one).partition(":")[0].rstrip(". ").casefold()
        for one in _SEPARATOR.split(path)
    )
    match [one for one in components if one]:
        case [name]:
            return name == MANIFEST.casefold() or bool(_SHORT_NAME.fullmatch(name))
        case _:
            return False


def _unsafe(path: str, fault: str) -> InvalidCrateFile:
    return InvalidCrateFile(f"the path {path!r} in the crate file {fault}")


def _path_below(root: str, path: str, is_directory: bool) -> str:
    if path == root and is_directory:
        return ""
    if not path.startswith(f"{root}/"):
        raise InvalidCrateFile(f"the path {path!r} in the crate file is not below `{root}/`")
    return path.removeprefix(f"{root}/")
