"""config.json, the first thing that cargo asks for (Cargo Book, "Index Configuration")."""

from aiohttp import web

from pulp_cargo.app.endpoints.answers import remember, revalidated
from pulp_cargo.app.endpoints.request import CargoRequest
from pulp_cargo.protocol.config import render_config
from pulp_cargo.protocol.index import strong_etag


async def get_config(cargo: CargoRequest) -> web.StreamResponse:
    """`GET config.json`: where downloads and the web API are, and whether reads need a token."""
    registry = cargo.registry
    root = registry.root_url.rstrip("/")
    body = render_config(dl=f"{root}/api/v1/crates", api=root, auth_required=not registry.is_public)
    headers = {"Content-Type": "application/json", "Cache-Control": revalidated(cargo)}
    return remember(cargo, body, etag=strong_etag(body), headers=headers)
