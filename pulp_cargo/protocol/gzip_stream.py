"""Reading a gzip file sequentially, in constant memory and up to a limit (RFC 1952)."""

import zlib
from typing import BinaryIO

from pulp_cargo.protocol.errors import InvalidCrateFile

_CHUNK = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class GzipStream:
    """The unpacked bytes of a file that consists of exactly one gzip member.

    zlib verifies checksum and length after the last byte.
    """

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._inflate = zlib.decompressobj(_GZIP)
        self._ready = b""
        self._at = 0
        self._unpacked_size = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes; fewer than asked for only at the end."""
        if self._at + size <= len(self._ready):
            self._at += size
            return self._ready[self._at - size : self._at]
        parts = []
        while size and self._fill():
            part = self._ready[self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Skip bytes, and return how many were skipped."""
        left = size
        while left and self._fill():
            step = min(left, len(self._ready) - self._at)
            self._at += step
            left -= step
        return size - left

    def _fill(self) -> bool:
        """Buffer at least one byte, unless the stream has ended."""
        while self._at == len(self._ready):
            if self._inflate.eof:
                self._require_nothing_behind()
                return False
            self._ready, self._at = self._unpack(), 0
            self._unpacked_size += len(self._ready)
            # Cargo itself stops a consumer on the byte that reaches its limit.
            if self._unpacked_size >= self._limit:
                raise InvalidCrateFile(
                    f"the crate file unpacks to {self._limit} bytes or more, which is the limit"
                )
        return True

    def _unpack(self) -> bytes:
        packed = self._inflate.unconsumed_tail or self._file.read(_CHUNK)
        if not packed:
            raise InvalidCrateFile("the crate file ends in the middle of its gzip data")
        try:
            return self._inflate.decompress(packed, _CHUNK)
        except zlib.error as error:
            raise InvalidCrateFile(f"the crate file is not valid gzip: {error}") from error

    def _require_nothing_behind(self) -> None:
        if self._inflate.unused_data or self._file.read(1):
            raise InvalidCrateFile("the crate file has data after the end of its gzip stream")
