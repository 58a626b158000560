"""The listing with which another Pulp copies a registry; see protocol/listing for its form.

Every reader may request it, and it is long: so a process sends only a few at once, in separate
threads, and aborts those that a client receives too slowly.
"""

import logging
import zlib
from collections.abc import AsyncIterator

from aiohttp import web

from pulp_cargo.app.endpoints.http.client_timeout import SlowClient
from pulp_cargo.app.endpoints.http.request import CargoRequest, refresh
from pulp_cargo.app.endpoints.http.responses import (
    complete_or_cut_off,
    not_modified,
    revalidated,
    takes_gzip,
    varies,
)
from pulp_cargo.app.queries.crates import listing
from pulp_cargo.app.queries.crates.listing import Place
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.protocol.listing import render_end, render_head
from pulp_cargo.protocol.unavailable import ServiceUnavailable

log = logging.getLogger(__name__)

GZIP = 16 + zlib.MAX_WBITS
LEVEL = 4
# The minimum rate of a client in bytes per second: it is another server, and others wait for its place.
SLOWEST = 64 * 1024


async def get_listing(cargo: CargoRequest) -> web.StreamResponse:
    """`GET versions.jsonl`: all versions of the registry, streamed; 304 if they are unchanged."""
    try:
        count = await threads.read(listing.count, cargo.registry.content)
    except VersionGone:
        await refresh(cargo)
        count = await threads.read(listing.count, cargo.registry.content)
    etag = listing.tag(cargo.registry, evaluate.rules_of_listing(cargo.registry.upstreams))
    headers = _headers(cargo, etag)
    if same := not_modified(cargo.http, etag, headers):
        return same
    headers["Content-Type"] = "application/jsonl; charset=utf-8"
    if cargo.http.method == "HEAD":
        return web.Response(headers=headers)
    turns = cargo.process.listing_turns
    if turns.locked():
        raise ServiceUnavailable("the registry is sending many listings already; try again later")
    async with turns:
        return await _send(cargo, count, web.StreamResponse(headers=headers))


async def _send(
    cargo: CargoRequest, count: int, response: web.StreamResponse
) -> web.StreamResponse:
    client = SlowClient(SLOWEST)
    gzip = None
    if "Content-Encoding" in response.headers:
        gzip = zlib.compressobj(LEVEL, wbits=GZIP)
    await response.prepare(cargo.http)
    try:
        with complete_or_cut_off(cargo.http, response):
            async for piece in _pieces(cargo.registry, count):
                data = await threads.make_part(gzip.compress, piece) if gzip else piece
                await client.write(response.write, data)
            if gzip:
                await client.write(response.write, gzip.flush())
            await client.write_eof(response)
    except ConnectionAbortedError as error:
        log.warning("Sending a listing of `%s` failed: %r", cargo.registry.name, error.__cause__)
        raise
    return response


async def _pieces(registry: Registry, count: int) -> AsyncIterator[bytes]:
    """Yield the listing page by page; only one page is in memory.

    Raises LookupError at the end if old versions were deleted meanwhile, which moves rows between
    pages.
    """
    left_out = await threads.make_part(evaluate.left_out_of_listing, registry.upstreams)
    count -= len(left_out)
    yield render_head(registry.urls.of_copies, count, sorted(registry.urls.mirrored))
    sent = 0
    place: Place | None = Place()
    while place is not None:
        page = await threads.make_part(listing.page, registry.content, place, left_out)
        if page.lines:
            yield page.lines
        sent, place = sent + page.count, page.end
    if sent != count:
        raise LookupError(f"{sent} crate versions were found instead of {count}")
    yield render_end(sent)


def _headers(cargo: CargoRequest, etag: str) -> dict[str, str]:
    headers = {"Cache-Control": revalidated(cargo), "ETag": etag}
    headers |= varies(cargo.registry.access, has_forms=True)
    if takes_gzip(cargo.http.headers.get("Accept-Encoding", "")):
        headers |= {"ETag": f'{etag[:-1]}-gzip"', "Content-Encoding": "gzip"}
    return headers
