"""Compressed index files, as registries send and store them (RFC 1952; RFC 9110, 8.4.1.3)."""

import gzip
import io
import zlib

from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid

# The largest of crates.io, that of web-sys, has 5 MB in a hundred lines.
MAX_SIZE = 16 * 1024 * 1024
# The content codings that an upstream may use (RFC 9110, 8.4.1).
GZIP, PLAIN = ("gzip", "x-gzip"), ("", "identity")
# Maximum size of a compressed file with several members, in bytes.
MAX_SEVERAL = 1024 * 1024


def pack(body: bytes) -> bytes:
    """Compress bytes for storage and for clients that accept gzip.

    It uses the fastest level, since a request waits for it; other levels would save a tenth, but
    take three times as long.
    """
    return gzip.compress(body, 1, mtime=0)


def pack_tightly(body: bytes) -> bytes:
    """Compress bytes that are sent many times from memory."""
    return gzip.compress(body, 6, mtime=0)


def unpack(packed: bytes) -> bytes:
    """Return the bytes of a stored index file."""
    return _first_member(packed, MAX_SIZE)[0]


def decode_sent(sent: bytes, encoding: str, name: str) -> tuple[bytes, bytes | None]:
    """Return an index file's bytes, and the compressed form to store if it was sent compressed.

    Raises UpstreamIndexInvalid, also for a content coding that was not requested.
    """
    if encoding in GZIP:
        return unpack_sent(sent, name)
    if encoding not in PLAIN:
        what = f"it has the encoding {encoding[:40]!r}, which was not requested"
        raise UpstreamIndexInvalid(name, what)
    return sent, None


def unpack_sent(packed: bytes, name: str) -> tuple[bytes, bytes]:
    """Return an index file's bytes, and the compressed form to store: as received, if possible.

    Unpacking stops beyond the size of any index file. Raises UpstreamIndexInvalid.
    """
    try:
        body, is_whole = _first_member(packed, MAX_SIZE + 1)
        if not is_whole and len(body) <= MAX_SIZE:
            body = _several(packed, name)
    except (zlib.error, EOFError, OSError) as error:
        raise UpstreamIndexInvalid(name, f"its gzip data are damaged ({error})") from error
    if len(body) > MAX_SIZE:
        raise UpstreamIndexInvalid(name, f"it has more than {MAX_SIZE} bytes")
    return body, packed if is_whole and len(packed) <= len(body) else pack(body)


def _first_member(packed: bytes, most: int) -> tuple[bytes, bool]:
    """Return up to `most` bytes of the first gzip member, and whether they are all there is."""
    inflate = zlib.decompressobj(wbits=31)
    body = inflate.decompress(packed, most)
    return body, inflate.eof and not inflate.unused_data


def _several(packed: bytes, name: str) -> bytes:
    """Unpack several members, which also form one file (RFC 1952, 2.2)."""
    # Members may be empty, but each costs time.
    if len(packed) > MAX_SEVERAL:
        raise UpstreamIndexInvalid(name, "its gzip data have several members")
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
        return file.read(MAX_SIZE + 1)
