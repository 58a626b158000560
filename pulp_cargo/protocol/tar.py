"""The entries of a tar archive as `cargo package` writes them (POSIX ustar, GNU long names, pax).

Readers of tar differ in how they take odd archives, and what one shows another hides. So everything
on which they could differ is refused. Nothing is kept but the entry in hand.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pulp_cargo.protocol.errors import InvalidCrateFile
from pulp_cargo.protocol.gzip_stream import GzipStream

BLOCK = 512
LONGEST_PATH = 1024
_LONGEST_EXTENSION = 64 * 1024

_ZEROS = bytes(BLOCK)
_OCTAL = re.compile(rb" *([0-7]{1,12})[ \0]*")
_DECIMAL = re.compile(rb"[0-9]{1,20}")
_REGULAR = (b"0", b"\0")
_DIRECTORY = b"5"
_LONG_NAME, _LONG_LINK, _PAX = b"L", b"K", b"x"
_REFUSED = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"6": "a FIFO",
    b"7": "a contiguous file",
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
    """Goes through the entries once; the content of each may be read before the next."""

    def __init__(self, stream: GzipStream) -> None:
        self._stream = stream
        self._left = 0
        self._padding = 0

    def __iter__(self) -> Iterator[TarEntry]:
        extensions = _Extensions()
        while (header := self._header()) is not None:
            flag, size = header[156:157], _octal(header[124:136], "size")
            self._left, self._padding = size, -size % BLOCK
            if flag in (_LONG_NAME, _LONG_LINK, _PAX):
                extensions.add(flag, self._extension(size))
            else:
                yield extensions.entry(header, flag, size)
                extensions = _Extensions()
                self._finish_entry()

    def read_content(self) -> bytes:
        """Return what the entry in hand holds."""
        content = self._stream.read(self._left)
        self._left -= len(content)
        if self._left:
            raise _truncated()
        return content

    def _header(self) -> bytes | None:
        block = self._stream.read(BLOCK)
        if len(block) < BLOCK:
            raise _truncated()
        if block == _ZEROS:
            self._require_only_zeros()
            return None
        written = _octal(block[148:156], "checksum")
        # The checksum is made as if its own field were eight spaces.
        if written != sum(block) - sum(block[148:156]) + 8 * 0x20:
            raise InvalidCrateFile("the crate file has a damaged tar header")
        return block

    def _extension(self, size: int) -> bytes:
        if size > _LONGEST_EXTENSION:
            raise InvalidCrateFile(f"the crate file has a tar extension of {size} bytes")
        content = self.read_content()
        self._finish_entry()
        return content

    def _finish_entry(self) -> None:
        rest = self._left + self._padding
        if self._stream.skip(rest) < rest:
            raise _truncated()
        self._left = self._padding = 0

    def _require_only_zeros(self) -> None:
        while block := self._stream.read(BLOCK):
            if block.strip(b"\0"):
                raise InvalidCrateFile("the crate file goes on after the end of its tar archive")


class _Extensions:
    """What the header-only entries before an entry say about it."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._path: bytes | None = None
        self._size: int | None = None

    def add(self, flag: bytes, content: bytes) -> None:
        if flag in self._seen:
            raise InvalidCrateFile("the crate file has two tar extensions of one kind for a file")
        self._seen.add(flag)
        if flag == _LONG_NAME:
            self._set_path(content.removesuffix(b"\0"))
        elif flag == _PAX:
            self._add_pax(content)

    def entry(self, header: bytes, flag: bytes, size: int) -> TarEntry:
        path = _header_path(header) if self._path is None else self._path
        shown = path[:200].decode(errors="replace")
        if flag not in _REGULAR and flag != _DIRECTORY:
            kind = _REFUSED.get(flag, f"an entry of type {flag!r}")
            raise InvalidCrateFile(f"{shown!r} in the crate file is {kind}; only files may be")
        if self._size is not None and self._size != size:
            raise InvalidCrateFile(f"{shown!r} in the crate file has two sizes")
        if flag == _DIRECTORY and size:
            raise InvalidCrateFile(f"the folder {shown!r} in the crate file has content")
        if len(path) > LONGEST_PATH:
            raise InvalidCrateFile(f"the path {shown!r}… is longer than {LONGEST_PATH} bytes")
        return TarEntry(path, size, flag == _DIRECTORY)

    def _add_pax(self, content: bytes) -> None:
        for key, value in _pax_records(content):
            if key == b"path":
                self._set_path(value)
            elif key == b"size":
                if not _DECIMAL.fullmatch(value) or self._size is not None:
                    raise InvalidCrateFile("the crate file has a pax size that is not a number")
                self._size = int(value)
            elif key.startswith(b"GNU.sparse"):
                raise InvalidCrateFile("the crate file has a sparse file; only files may be")

    def _set_path(self, path: bytes) -> None:
        if self._path is not None:
            raise InvalidCrateFile("the crate file names one entry twice")
        self._path = path


def _pax_records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Take apart records of the form `<length> <key>=<value>` and a newline."""
    at = 0
    while at < len(content):
        length, space, _ = content[at : at + 21].partition(b" ")
        if not space or not _DECIMAL.fullmatch(length):
            raise InvalidCrateFile("the crate file has a damaged pax header")
        record = content[at + len(length) + 1 : at + int(length)]
        key, equals, value = record.partition(b"=")
        if not equals or not value.endswith(b"\n") or at + int(length) > len(content):
            raise InvalidCrateFile("the crate file has a damaged pax header")
        yield key, value[:-1]
        at += int(length)


def _header_path(header: bytes) -> bytes:
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if header[257:265] == b"ustar\x0000" else b""
    return prefix + b"/" + name if prefix else name


def _octal(field: bytes, what: str) -> int:
    match = _OCTAL.fullmatch(field)
    if not match:
        raise InvalidCrateFile(f"the crate file has a tar header with {what} {field!r}")
    return int(match[1], 8)


def _truncated() -> InvalidCrateFile:
    return InvalidCrateFile("the crate file ends in the middle of its tar archive")
