"""Packs .crate files manually, so that invalid and malicious ones can be created, too.

Tar headers are written field by field (POSIX ustar, GNU and pax extensions), independently of the
code under test.
"""

import gzip
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

BLOCK = 512
END = bytes(2 * BLOCK)
LARGE = 100_000

FILE, HARD_LINK, SYMLINK, CHARACTER_DEVICE, BLOCK_DEVICE, FOLDER, FIFO, CONTIGUOUS = (
    bytes([flag]) for flag in b"01234567"
)
LONG_NAME, LONG_LINK, PAX, PAX_GLOBAL, SPARSE = b"L", b"K", b"x", b"g", b"S"


@dataclass(frozen=True, slots=True)
class Entry:
    """A header of an archive with its content; `size` is the size in the header."""

    path: bytes
    content: bytes = b""
    kind: bytes = FILE
    size: int | None = None
    link: bytes = b""

    def packed(self) -> bytes:
        """Return header, content and padding."""
        size = len(self.content) if self.size is None else self.size
        padding = bytes(-len(self.content) % BLOCK)
        return header(self.path, size, self.kind, self.link) + self.content + padding


def header(path: bytes, size: int, kind: bytes = FILE, link: bytes = b"") -> bytes:
    """Return the 512 bytes before an entry, with a valid checksum."""
    fields = struct.pack(
        "100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x",
        path,
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"00000000000\0",
        b" " * 8,
        kind,
        link,
        b"ustar  \0",
        b"",
        b"",
        b"",
        b"",
        b"",
    )
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def pax(kind: bytes = PAX, **records: str) -> Entry:
    """Return the extension header for the entry after it."""
    return Entry(b"pax_header", b"".join(map(_record, records.items())), kind)


def named(path: bytes, content: bytes) -> Iterator[Entry]:
    """Return a file, preceded by its name if that is too long for the header, as in GNU tar."""
    if len(path) > 100:
        yield Entry(b"././@LongLink", path + b"\0", LONG_NAME)
    yield Entry(path[:100], content)


def _record(item: tuple[str, str]) -> bytes:
    text = b" %s=%s\n" % (item[0].encode(), item[1].encode())
    length = len(text)
    while len(str(length)) + len(text) != length:
        length = len(str(length)) + len(text)
    return b"%d%s" % (length, text)


def tar(entries: Iterable[Entry]) -> bytes:
    """Return an archive with its end marker."""
    return b"".join(entry.packed() for entry in entries) + END


def packed(entries: Iterable[Entry]) -> bytes:
    """Return a compressed archive, with the same bytes for the same entries."""
    archive = tar(entries)
    # What is large has random bytes or only zeros, for which more effort gains nothing.
    return gzip.compress(archive, 1 if len(archive) > LARGE else 6, mtime=0)
