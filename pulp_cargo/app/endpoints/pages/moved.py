"""Pages are at one URL, without a slash at the end; with one, browsers are sent there."""

from typing import NoReturn

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest


async def to_page(cargo: CargoRequest) -> NoReturn:
    """Redirect to the URL without the final slash."""
    url = cargo.http.rel_url
    page = url.raw_path.removesuffix("/").rpartition("/")[2]
    query = f"?{url.raw_query_string}" if url.raw_query_string else ""
    # Relative, since a proxy may have the registry at another path.
    raise web.HTTPMovedPermanently(f"../{page}{query}")
