"""Sending a .crate file to clients while it is being fetched from an upstream."""

from collections.abc import Mapping

from aiohttp import web

from pulp_cargo.app.endpoints.http.client_timeout import SlowClient
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import complete_or_cut_off
from pulp_cargo.app.endpoints.read.send_file import part_of
from pulp_cargo.app.queries.crates.crate_file import SMALL
from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch


async def pass_on(
    cargo: CargoRequest, fetch: SharedFetch, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send a file as it arrives; a small file, or a range of one, if it is complete."""
    size = await fetch.begun()
    etag = f'"{fetch.cksum}"'
    if fetch.is_complete and size <= SMALL:
        content = b"".join([chunk async for chunk in fetch.read(0, size)])
        part = part_of(cargo.http, content, etag, headers)
        return part or web.Response(body=content, headers={**headers, "ETag": etag})
    # A request for a range gets the whole file, as HTTP allows.
    response = web.StreamResponse(headers={**headers, "ETag": etag})
    response.content_length = size
    await response.prepare(cargo.http)
    if cargo.http.method == "HEAD":
        return response
    client = SlowClient()
    # After an error cargo tries again.
    with complete_or_cut_off(cargo.http, response):
        async for chunk in fetch.read(0, size):
            await client.write(response.write, chunk)
        await client.write_eof(response)
    return response
