"""The entries of a tar archive as `cargo package` writes them (POSIX ustar, GNU long names, pax).

Tar readers interpret unusual archives differently, so that one shows what another hides. So
everything that they could interpret differently is refused, above all where Rust's `tar`, which
cargo uses, differs. Only the current entry is in memory.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
_LONG_NAME, _PAX = b"L", b"x"
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


@dataclass(frozen=True, slots=True)
class TarEntry:
    """A file or folder in an archive; a folder has size 0."""

    path: bytes
    size: int
    is_directory: bool


class TarReader:
    """Iterates over the entries once; the content of each can be read before the next."""

    def __init__(self, stream: GzipStream) -> None:
        self._stream = stream
        self._left = 0
        self._padding = 0
        self._extension_bytes = 0

    def __iter__(self) -> Iterator[TarEntry]:
        extension = None
        while (header := self._header()) is not None:
            flag, size = header[156:157], _octal(header[124:136], "size")
            self._left, self._padding = size, -size % BLOCK
            if flag not in (_LONG_NAME, _PAX):
                yield _entry(header, flag, size, extension or _Extension())
                self._finish_entry()
                extension = None
            elif extension is None:
                extension = self._extension(header, flag, size)
            else:
                raise InvalidCrateFile("the crate file has two tar extensions for one file")
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
        if len(block) < BLOCK:
            raise _truncated()
        if block == _ZEROS:
            self._require_only_zeros()
            return None
        written = _octal(block[148:156], "checksum")
        # The checksum is calculated with its own field as eight spaces.
        if written != sum(block) - sum(block[148:156]) + 8 * 0x20:
            raise InvalidCrateFile("the crate file has a damaged tar header")
        return block

    def _extension(self, header: bytes, flag: bytes, size: int) -> "_Extension":
        # In other headers Rust ignores these flags and creates files.
        if _magic(header) not in (_USTAR, _GNU):
            raise InvalidCrateFile(
                "the crate file has a tar extension that is neither ustar nor GNU"
            )
        if size > _LONGEST_EXTENSION:
            raise InvalidCrateFile(f"the crate file has a tar extension of {size} bytes")
        self._extension_bytes += size
        if self._extension_bytes > _MOST_EXTENSION_BYTES:
            raise InvalidCrateFile(
                f"the crate file has more than {_MOST_EXTENSION_BYTES} bytes of tar extensions"
            )
        content = self.read_content()
        self._finish_entry()
        if flag == _LONG_NAME:
            return _Extension(path=content.removesuffix(b"\0"))
        return _pax_extension(content)

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
    """The data of a header-only entry about the entry after it."""

    path: bytes | None = None
    size: int | None = None


def _entry(header: bytes, flag: bytes, size: int, extension: _Extension) -> TarEntry:
    path = _header_path(header) if extension.path is None else extension.path
    shown = path[:200].decode(errors="replace")
    if flag not in _REGULAR and flag != _DIRECTORY:
        kind = _REFUSED.get(flag, f"an entry of type {flag!r}")
        raise InvalidCrateFile(f"{shown!r} in the crate file is {kind}; only files are allowed")
    if extension.size not in (None, size):
        raise InvalidCrateFile(f"{shown!r} in the crate file has two sizes")
    if flag == _DIRECTORY and size:
        raise InvalidCrateFile(f"the folder {shown!r} in the crate file has content")
    if len(path) > LONGEST_PATH:
        raise InvalidCrateFile(f"the path {shown!r}… is longer than {LONGEST_PATH} bytes")
    return TarEntry(path, size, flag == _DIRECTORY)


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
    return _Extension(found.get(b"path"), None if size is None else int(size))


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


def _damaged_pax() -> InvalidCrateFile:
    return InvalidCrateFile("the crate file has a damaged pax header")


def _truncated() -> InvalidCrateFile:
    return InvalidCrateFile("the crate file ends in the middle of its tar archive")
