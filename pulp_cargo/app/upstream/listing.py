"""Fetching the listing of an upstream registry (see protocol/listing for its format).

It is written to a file first. So nothing of a truncated or invalid listing is stored, and a slow
database does not keep the connection to the upstream open.
"""

import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import ClientResponse

from pulp_cargo.app.runtime.free_space import storage_full
from pulp_cargo.app.upstream.connection import Connection
from pulp_cargo.app.upstream.errors import ONLY_NAMED, CannotCopy, NoListing
from pulp_cargo.protocol.listing import LONGEST_LINE

NAME = "versions.jsonl"
MEANINGS = {
    **dict.fromkeys(
        (401, 403),
        "the remote needs the `username` and `password` of a user who may read that registry",
    ),
    **dict.fromkeys((404, 405, 410), ONLY_NAMED),
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """The file with the listing, and its entity tag."""

    path: str
    etag: str | None


async def fetch(connection: Connection, etag: str | None) -> Fetched | None:
    """Fetch the listing into the working directory, None if it has not changed since `etag`.

    Raises UpstreamUnreachable, and CannotCopy if the upstream offers us no listing.
    """
    url = connection.root + NAME
    headers = {"If-None-Match": etag} if etag else {}
    async with connection.answer(url, headers) as response:
        connection.require_same_security(response)
        if response.status == HTTPStatus.NOT_MODIFIED:
            if etag is None:
                raise CannotCopy(f"{url} returned a 304 to an unconditional request")
            return None
        if response.status in MEANINGS:
            # A storage may answer 403 for what it does not have.
            raise NoListing(
                f"{url} returned the status {response.status}: {MEANINGS[response.status]}"
            )
        connection.require_ok(response)
        path = await _written(_lines_checked(connection, response, url))
        return Fetched(path, response.headers.get("ETag"))


async def _written(chunks: AsyncIterator[bytes]) -> str:
    """Write a body to a file in the task's working directory, and return its path."""
    # A full disk is no failure of the upstream, so there is no retry.
    with storage_full():
        handle, path = tempfile.mkstemp(prefix="listing-", dir=os.getcwd())
    try:
        with storage_full(), os.fdopen(handle, "wb") as file:
            async for chunk in chunks:
                file.write(chunk)
    except BaseException:
        # Also when the task is cancelled.
        os.unlink(path)
        raise
    return path


async def _lines_checked(
    connection: Connection, response: ClientResponse, url: str
) -> AsyncIterator[bytes]:
    """Yield a body as it arrives; raises CannotCopy for a line beyond the maximum length."""
    length = 0
    async for chunk in connection.chunks(response):
        first, *others = chunk.split(b"\n")
        lengths = [length + len(first), *map(len, others)]
        if max(lengths) > LONGEST_LINE:
            raise CannotCopy(f"the listing {url} has a line of more than {LONGEST_LINE} bytes")
        length = lengths[-1]
        yield chunk
