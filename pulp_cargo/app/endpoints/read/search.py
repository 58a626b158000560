"""Search (Cargo Book, Registry Web API, "Search"; crates.io's `GET /api/v1/crates`)."""

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest, refresh
from pulp_cargo.app.endpoints.http.responses import revalidated, varies
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.catalog import find, served
from pulp_cargo.protocol.web_api.crates import search_body
from pulp_cargo.protocol.web_api.search import parse_search


async def get_crates(cargo: CargoRequest) -> web.Response:
    """`GET /crates`: a page of the matching crates."""
    parameters = {name: cargo.http.query.getall(name) for name in cargo.http.query}
    query = parse_search(parameters)
    await update_catalogs(cargo)
    total, crates = await threads.read(find.find, cargo.registry, query)
    return web.Response(
        body=search_body(crates, total, query.paging, parameters),
        content_type="application/json",
        headers={"Cache-Control": revalidated(cargo), **varies(cargo.registry.access)},
    )


async def update_catalogs(cargo: CargoRequest) -> None:
    """Bring the catalogs up to date, in a thread that serves no other reads."""
    try:
        if not await threads.read(served.are_good, cargo.registry):
            await threads.make_part(served.served_catalogs, cargo.registry)
    except LookupError:
        await refresh(cargo)
        await threads.make_part(served.served_catalogs, cargo.registry)
