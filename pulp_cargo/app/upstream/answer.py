"""Responses of upstream registries."""

from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Validators:
    """The validators of a response, for conditional requests."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the header of a conditional request: never both (RFC 9110, 13.1.3)."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.last_modified} if self.last_modified else {}


@dataclass(frozen=True, slots=True)
class Fetched:
    """The response for an index file: `body` is None for 304, `found` false for a missing crate.

    The body is as received, in its content encoding.
    """

    found: bool
    body: bytes | None = None
    encoding: str = ""
    validators: Validators = Validators()

    @property
    def is_unchanged(self) -> bool:
        """Whether the upstream answered that the file has not changed."""
        return self.found and self.body is None


async def read(chunks: AsyncIterator[bytes], most: int) -> bytes:
    """Return a body, truncated shortly after `most` bytes: longer ones are invalid anyway."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most:
            break
    return bytes(body)


def without_query(url: str) -> str:
    """Return a URL without its query, which may contain a signature."""
    return url.partition("?")[0]
