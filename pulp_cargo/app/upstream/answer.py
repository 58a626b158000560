"""What an upstream registry answers."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import ClientResponse


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
    """An answer for an index file: `body` is None for 304, `found` false for no such crate."""

    found: bool
    body: bytes | None = None
    validators: Validators = Validators()


async def read(response: ClientResponse, most: int) -> bytes:
    """Return a body of at most so many bytes; raises ValueError for a larger one."""
    body = bytearray()
    with suppress(asyncio.IncompleteReadError):
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > most:
                raise ValueError(f"the answer has more than {most} bytes")
    return bytes(body)


def without_query(url: str) -> str:
    """Return a URL without what may be a secret: signatures stand in queries."""
    return url.partition("?")[0]
