"""The one form of tar archive that bundles are: regular files only, each header as written here.

A reader that accepts nothing else has no links, no other owner and no extension to think of, and
notices every changed bit of a header (POSIX.1-2008, pax, "ustar Interchange Format"; longer paths as
GNU tar writes them).
"""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from typing import Any, BinaryIO

BLOCK = tarfile.BLOCKSIZE
# Two blocks of zeros, filled up to a record as tar programs do.
RECORD = tarfile.RECORDSIZE
MOST_PATH = 255
CHUNK = 256 * 1024


class InvalidArchive(Exception):
    """An archive is damaged, cut off, or not in this form; the message says where."""


def header(path: str, size: int) -> bytes:
    """Return what stands before the content of a file."""
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = size, 0o644
    return entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def padding(size: int) -> bytes:
    """Return the zeros after the content of a file."""
    return bytes(-size % BLOCK)


class ArchiveWriter:
    """Writes files to an archive, one after the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = 0

    def add(self, path: str, content: BinaryIO, size: int) -> None:
        """Append a file; raises InvalidArchive if the content has another size."""
        self._write(header(path, size))
        left = size
        while chunk := content.read(min(CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            self._write(chunk)
        if left:
            raise InvalidArchive(f"`{path}` changed while it was read")
        self._write(padding(size))

    def close(self) -> None:
        """Write the end of the archive."""
        self._write(bytes(2 * BLOCK))
        self._write(bytes(-self._size % RECORD))

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._size += len(data)


class Part(io.RawIOBase):
    """A file in an archive, whose content can be read once, before the next one.

    `at` is where it begins in the archive.
    """

    def __init__(self, file: BinaryIO, path: str, size: int) -> None:
        super().__init__()
        self._file = file
        self.path, self.size = path, size
        self.at = file.tell()
        self._left = size
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        """Whether it can be read, for `io`."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some of the content; raises InvalidArchive if the archive is cut off."""
        chunk = self._file.read(min(len(buffer), self._left))
        if not chunk and self._left and len(buffer):
            raise InvalidArchive(f"the bundle is cut off in `{self.path}`")
        self._left -= len(chunk)
        self._hash.update(chunk)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def content(self, most: int) -> bytes:
        """Return the whole content; raises InvalidArchive for more than `most` bytes."""
        if self.size > most:
            raise InvalidArchive(
                f"`{self.path}` has {self.size} bytes, but at most {most} are accepted"
            )
        return self.readall() or b""

    def skip(self) -> None:
        """Read the rest without keeping it."""
        while self.read(CHUNK):
            pass

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was read, in hex."""
        return self._hash.hexdigest()


def parts(file: BinaryIO) -> Iterator[Part]:
    """Yield the files of an archive; the rest of each is skipped. Raises InvalidArchive."""
    before = "its beginning"
    while (part := _next_part(file, before)) is not None:
        yield part
        part.skip()
        if file.read(-part.size % BLOCK).strip(b"\0") or file.tell() % BLOCK:
            raise InvalidArchive(f"the padding of `{part.path}` is damaged")
        before = f"`{part.path}`"


def _next_part(file: BinaryIO, before: str) -> Part | None:
    block = _block(file, before)
    if not any(block):
        _require_end(file)
        return None
    first, path = block, b""
    if block[156:157] == tarfile.GNUTYPE_LONGNAME:
        names = (_size(block, before) + BLOCK - 1) // BLOCK
        if not 0 < names <= 1:
            raise InvalidArchive(f"the header after {before} is damaged")
        name = _block(file, before)
        path = name.rstrip(b"\0")
        block = _block(file, before)
        first += name + block
    path = path or block[:100].rstrip(b"\0")
    size = _size(block, before)
    try:
        text = path.decode()
        # Messages have the path, also on terminals.
        is_canonical = text.isprintable() and len(path) <= MOST_PATH
        is_canonical = is_canonical and header(text, size) == first
    except ValueError as error:
        raise InvalidArchive(f"the header after {before} is damaged") from error
    if not is_canonical:
        raise InvalidArchive(f"the header after {before} is damaged, or not that of a regular file")
    return Part(file, text, size)


def _block(file: BinaryIO, before: str) -> bytes:
    block = file.read(BLOCK)
    if len(block) != BLOCK:
        raise InvalidArchive(f"the bundle is cut off after {before}")
    return block


def _size(block: bytes, before: str) -> int:
    digits = block[124:136].rstrip(b"\0 ")
    if not digits.isdigit() or not set(digits) <= set(b"01234567"):
        raise InvalidArchive(f"the header after {before} is damaged")
    return int(digits, 8)


def _require_end(file: BinaryIO) -> None:
    """Raise InvalidArchive unless nothing but zeros follows, up to the end of a record."""
    rest = file.read(RECORD + 1)
    if any(rest) or len(rest) > RECORD or file.tell() % RECORD:
        raise InvalidArchive("the end of the bundle is damaged")
