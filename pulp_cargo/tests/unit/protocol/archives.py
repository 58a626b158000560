"""Builds .crate files byte by byte, also those that no tool would write."""

import gzip
import io
from dataclasses import dataclass

BLOCK = 512
END = bytes(2 * BLOCK)
MANIFEST = b'[package]\nname = "leaf"\nversion = "1.0.0"\n'


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of a tar archive, with every field that a test may want to get wrong."""

    path: bytes
    content: bytes = b""
    flag: bytes = b"0"
    size: bytes | None = None
    magic: bytes = b"ustar\x0000"
    prefix: bytes = b""
    checksum: int | None = None
    link: bytes = b""

    def render(self) -> bytes:
        """Return header, content and padding."""
        size = self.size or b"%011o\0" % len(self.content)
        head = self.path[:100].ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size
        tail = (
            self.flag
            + self.link.ljust(100, b"\0")
            + self.magic.ljust(8, b"\0")
            + bytes(80)
            + self.prefix
        )
        header = (head + b"0" * 11 + b"\0" + b" " * 8 + tail).ljust(BLOCK, b"\0")
        checksum = sum(header) if self.checksum is None else self.checksum
        header = header[:148] + b"%06o\0 " % checksum + header[156:]
        return header + self.content + bytes(-len(self.content) % BLOCK)


def long_name(path: bytes) -> Member:
    """Return the GNU entry that names the next one."""
    return Member(b"././@LongLink", path + b"\0", b"L", magic=b"ustar  \0")


def pax(**records: str) -> Member:
    """Return the pax header of the next entry."""
    return Member(b"PaxHeader", b"".join(pax_record(k, v) for k, v in records.items()), b"x")


def pax_record(key: str, value: str) -> bytes:
    """Return one record, which counts the digits of its own length."""
    rest = f" {key}={value}\n".encode()
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length += 1
    return str(length).encode() + rest


def manifest(content: bytes = MANIFEST) -> Member:
    """Return the one entry that each .crate file needs."""
    return Member(b"leaf-1.0.0/Cargo.toml", content)


def tar(*members: Member) -> bytes:
    """Return an archive that ends as cargo ends it."""
    return b"".join(member.render() for member in members) + END


def packed(unpacked: bytes) -> io.BytesIO:
    """Return a gzip file of the bytes."""
    return io.BytesIO(gzip.compress(unpacked, mtime=0))


def crate(*members: Member) -> io.BytesIO:
    """Return a .crate file of leaf 1.0.0 with a manifest and further entries."""
    return packed(tar(manifest(), *members))
