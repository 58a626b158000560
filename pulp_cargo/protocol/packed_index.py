"""Index files compressed, as registries send and keep them (RFC 1952; RFC 9110, 8.4.1.3)."""

import gzip
import io
import zlib

from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid

# The largest of crates.io, that of web-sys, has 5 MB in a hundred lines.
MAX_SIZE = 32 * 1024 * 1024


def pack(body: bytes) -> bytes:
    """Return bytes in the form in which they are kept, and sent to whoever takes gzip.

    Somebody waits for it, and a better compression would gain a tenth for three times the time.
    """
    return gzip.compress(body, 1, mtime=0)


def unpack(packed: bytes) -> bytes:
    """Return the bytes of an index file that is kept."""
    return zlib.decompressobj(wbits=31).decompress(packed, MAX_SIZE)


def unpack_sent(packed: bytes, name: str) -> tuple[bytes, bytes]:
    """Return an index file's bytes, and the compressed form to keep: as it came, if that is plain.

    What is larger than any index file is unpacked no further. Raises UpstreamIndexInvalid.
    """
    inflate = zlib.decompressobj(wbits=31)
    try:
        body = inflate.decompress(packed, MAX_SIZE + 1)
        if inflate.eof and not inflate.unused_data:
            return body, packed
        # Several members are one file, too.
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            body = file.read(MAX_SIZE + 1)
    except (zlib.error, EOFError, OSError) as error:
        raise UpstreamIndexInvalid(name, f"its compressed form is damaged ({error})") from error
    return body, pack(body[:MAX_SIZE])
