"""The entries of a tar archive as `cargo package` writes them (POSIX ustar, GNU long names, pax).

Tar readers interpret unusual archives differently, so that one shows what another hides. In a crate
that is published here everything that they could interpret differently is refused, above all where
Rust's `tar`, which cargo uses, differs. A crate that was published elsewhere is read as `tar` reads
it. Only the current entry is in memory.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from pulp_cargo.protocol.errors import InvalidCrateFile
from pulp_cargo.protocol.gzip_stream import GzipStream

BLOCK = 512
LONGEST_PATH = 1024
_LONGEST_EXTENSION = 64 * 1024
# Maximum total of all extensions in an archive; cargo writes one per path of more than 100 bytes.
_MOST_EXTENSION_BYTES = 4 * 1024 * 1024

_ZEROS = bytes(BLOCK)
_OCTAL = re.compile(rb" *([0-7]{1,12})[ \0]*")
_DECIMAL = re.compile(rb"[0-9]{1,20}")
_RECORD = re.compile(rb"([0-9]{1,20}) ([^=]*)=(.*)")
# POSIX has a dozen keywords; parsing thousands of records would take disproportionate time.
_MOST_RECORDS = 32
_USTAR, _GNU = b"ustar\x0000", b"ustar  \0"
_REGULAR = (b"0", b"\0")
_DIRECTORY = b"5"
_LINKS = (b"1", b"2")
_SPARSE = b"S"
_LONG_NAME, _LONG_TARGET, _PAX, _PAX_GLOBAL = b"L", b"K", b"x", b"g"
# Cargo unpacks nothing for these, where they do not extend the next entry.
_WITHOUT_FILE = (_LONG_NAME, _LONG_TARGET, _PAX, _PAX_GLOBAL)
_REFUSED = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"6": "a FIFO",
    b"7": "a contiguous file",
    b"K": "the long target of a link",
    b"S": "a sparse file",
    b"g": "a pax header for the whole archive",
}


class EntryKind(Enum):
    """What cargo makes of an entry on the disk; a link may be symbolic or hard."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class TarEntry:
    """An entry of an archive; only a file has a size and content."""

    path: bytes
    size: int
    kind: EntryKind

    @property
    def is_file(self) -> bool:
        """Whether cargo writes a file."""
        return self.kind is EntryKind.FILE

    @property
    def is_directory(self) -> bool:
        """Whether cargo creates a folder."""
        return self.kind is EntryKind.DIRECTORY


class TarReader:
    """Iterates over the entries once; the content of each can be read before the next.

    With `as_cargo`, archives are read as by Rust's `tar`, which needs no end marker, ignores what
    is behind one, and takes entries of an unknown type for files. Otherwise only files and folders
    are accepted, and nothing that another reader could interpret differently.
    """

    def __init__(self, stream: GzipStream, *, as_cargo: bool = False) -> None:
        self._stream = stream
        self._as_cargo = as_cargo
        self._left = 0
        self._padding = 0
        self._extension_bytes = 0

    def __iter__(self) -> Iterator[TarEntry]:
        extension = None
        while (header := self._header()) is not None:
            flag, size = header[156:157], _octal(header[124:136], "size")
            self._left, self._padding = size, -size % BLOCK
            if not self._extends_next(header, flag):
                yield self._entry(header, flag, size, extension or _Extension())
                self._finish_entry()
                extension = None
            elif extension is None or self._as_cargo:
                read = self._extension(flag, size)
                extension = read if extension is None else extension.joined(read)
            else:
                raise _two_extensions()
        if extension is not None:
            raise InvalidCrateFile("the crate file has a tar extension with no file after it")

    def read_content(self) -> bytes:
        """Return the content of the current entry."""
        content = self._stream.read(self._left)
        self._left -= len(content)
        if self._left:
            raise _truncated()
        return content

    def read_part(self, size: int) -> bytes:
        """Return the next bytes of the current entry, at most `size`; none at its end."""
        wanted = min(size, self._left)
        part = self._stream.read(wanted)
        self._left -= len(part)
        if len(part) < wanted:
            raise _truncated()
        return part

    def _header(self) -> bytes | None:
        block = self._stream.read(BLOCK)
        if not block and self._as_cargo:
            return None
        if len(block) < BLOCK:
            raise _truncated()
        if block == _ZEROS:
            if not self._as_cargo:
                self._require_only_zeros()
            return None
        written = _octal(block[148:156], "checksum")
        # The checksum is calculated with its own field as eight spaces.
        if written != sum(block) - sum(block[148:156]) + 8 * 0x20:
            raise InvalidCrateFile("the crate file has a damaged tar header")
        return block

    def _extends_next(self, header: bytes, flag: bytes) -> bool:
        """Return whether an entry describes the one after it."""
        is_known = _magic(header) in (_USTAR, _GNU)
        if self._as_cargo:
            return is_known and flag in (_LONG_NAME, _LONG_TARGET, _PAX)
        if flag not in (_LONG_NAME, _PAX):
            return False
        # In other headers Rust ignores these flags.
        if not is_known:
            raise InvalidCrateFile(
                "the crate file has a tar extension that is neither ustar nor GNU"
            )
        return True

    def _extension(self, flag: bytes, size: int) -> "_Extension":
        if size > _LONGEST_EXTENSION:
            raise InvalidCrateFile(f"the crate file has a tar extension of {size} bytes")
        self._extension_bytes += size
        if self._extension_bytes > _MOST_EXTENSION_BYTES:
            raise InvalidCrateFile(
                f"the crate file has more than {_MOST_EXTENSION_BYTES} bytes of tar extensions"
            )
        content = self.read_content()
        self._finish_entry()
        if flag == _PAX:
            return _pax_extension(content)
        path = content.removesuffix(b"\0") if flag == _LONG_NAME else None
        return _Extension(frozenset({flag}), path)

    def _entry(self, header: bytes, flag: bytes, size: int, extension: "_Extension") -> TarEntry:
        path = _header_path(header) if extension.path is None else extension.path
        shown = path[:200].decode(errors="replace")
        kind = _kind_for_cargo(header, flag, path) if self._as_cargo else _strict_kind(flag)
        if kind is None:
            refused = _REFUSED.get(flag, f"an entry of type {flag!r}")
            raise InvalidCrateFile(
                f"{shown!r} in the crate file is {refused}; only files are allowed"
            )
        if extension.size not in (None, size):
            raise InvalidCrateFile(f"{shown!r} in the crate file has two sizes")
        if kind is EntryKind.DIRECTORY and size and not self._as_cargo:
            raise InvalidCrateFile(f"the folder {shown!r} in the crate file has content")
        if len(path) > LONGEST_PATH:
            raise InvalidCrateFile(f"the path {shown!r}… is longer than {LONGEST_PATH} bytes")
        return TarEntry(path, size if kind is EntryKind.FILE else 0, kind)

    def _finish_entry(self) -> None:
        rest = self._left + self._padding
        if self._stream.skip(rest) < rest:
            raise _truncated()
        self._left = self._padding = 0

    def _require_only_zeros(self) -> None:
        while block := self._stream.read(BLOCK):
            if block.strip(b"\0"):
                raise InvalidCrateFile("the crate file has data after the end of its tar archive")


@dataclass(frozen=True, slots=True)
class _Extension:
    """The data of header-only entries about the entry after them; `flags` are their types."""

    flags: frozenset[bytes] = frozenset()
    path: bytes | None = None
    size: int | None = None

    def joined(self, other: "_Extension") -> "_Extension":
        """Return the data of two such entries, if every version of `tar` reads the same in them."""
        # In older versions a size counts for the header after it, even if that is an extension.
        if self.flags & other.flags or None not in (self.path, other.path) or self.size is not None:
            raise _two_extensions()
        path = other.path if self.path is None else self.path
        return replace(other, flags=self.flags | other.flags, path=path)


def _strict_kind(flag: bytes) -> EntryKind | None:
    """Return the kind of an entry, None if a crate must not have it."""
    if flag == _DIRECTORY:
        return EntryKind.DIRECTORY
    return EntryKind.FILE if flag in _REGULAR else None


def _kind_for_cargo(header: bytes, flag: bytes, path: bytes) -> EntryKind | None:
    """Return what Rust's `tar` makes of an entry, None for a sparse file."""
    if flag == _SPARSE:
        return None
    if flag in _LINKS:
        return EntryKind.LINK
    if flag in _WITHOUT_FILE:
        return EntryKind.NOTHING
    # Old archives have no type for folders.
    is_old_directory = path.endswith(b"/") and _magic(header) != _USTAR
    return EntryKind.DIRECTORY if flag == _DIRECTORY or is_old_directory else EntryKind.FILE


def _pax_extension(content: bytes) -> _Extension:
    records = list(_pax_records(content))
    found = {key: value for key, value in records if key in (b"path", b"size")}
    if any(key.startswith(b"GNU.sparse") for key, _ in records):
        raise InvalidCrateFile("the crate file has a sparse file; only files are allowed")
    if sum(key in found for key, _ in records) != len(found):
        raise InvalidCrateFile(
            "the crate file has a pax header that names or measures a file twice"
        )
    size = found.get(b"size")
    if size is not None and not _DECIMAL.fullmatch(size):
        raise InvalidCrateFile("the crate file has a pax size that is not a number")
    return _Extension(frozenset({_PAX}), found.get(b"path"), None if size is None else int(size))


def _pax_records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Split records of the form `<length> <key>=<value>` and a newline.

    POSIX splits by the lengths and Rust by the lines, so both must agree.
    """
    *lines, rest = content.split(b"\n")
    if rest:
        raise _damaged_pax()
    if len(lines) > _MOST_RECORDS:
        raise InvalidCrateFile(f"the crate file has a pax header of {len(lines)} records")
    for line in lines:
        match = _RECORD.fullmatch(line)
        if not match or int(match[1]) != len(line) + 1:
            raise _damaged_pax()
        yield match[2], match[3]


def _header_path(header: bytes) -> bytes:
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if _magic(header) == _USTAR else b""
    return prefix + b"/" + name if prefix else name


def _magic(header: bytes) -> bytes:
    return header[257:265]


def _octal(field: bytes, what: str) -> int:
    match = _OCTAL.fullmatch(field)
    if not match:
        raise InvalidCrateFile(f"the crate file has a tar header with {what} {field!r}")
    return int(match[1], 8)


def _two_extensions() -> InvalidCrateFile:
    return InvalidCrateFile("the crate file has two tar extensions for one file")


def _damaged_pax() -> InvalidCrateFile:
    return InvalidCrateFile("the crate file has a damaged pax header")


def _truncated() -> InvalidCrateFile:
    return InvalidCrateFile("the crate file ends in the middle of its tar archive")
