"""What an upstream registry answers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Validators:
    """What an upstream sent to ask by whether a file has changed."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the one header to ask with: never both (RFC 9110, 13.1.3)."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.last_modified} if self.last_modified else {}


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer for an index file: `body` is None for 304, `found` false for no such crate.

    The body is as it came, in its content encoding.
    """

    found: bool
    body: bytes | None = None
    encoding: str = ""
    validators: Validators = Validators()

    @property
    def is_unchanged(self) -> bool:
        """Whether the upstream has confirmed the file that it was asked about."""
        return self.found and self.body is None


async def read(chunks: AsyncIterator[bytes], most: int) -> bytes:
    """Return a body, or the beginning of one that is longer than `most` bytes and can be no good."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most:
            break
    return bytes(body)


def without_query(url: str) -> str:
    """Return a URL without what may be a secret: signatures stand in queries."""
    return url.partition("?")[0]
