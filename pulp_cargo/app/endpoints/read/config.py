"""Configuration: config.json for cargo (Cargo Book, "Index Configuration"), config.toml for users."""

from aiohttp import web
from django.utils import timezone

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import remember, revalidated
from pulp_cargo.protocol.config import render_config
from pulp_cargo.protocol.index_file import strong_etag
from pulp_cargo.rules.token_scopes import Scope


async def get_config(cargo: CargoRequest) -> web.StreamResponse:
    """`GET config.json`: the URLs of downloads and the web API, and whether reads need a token."""
    registry = cargo.registry
    root = registry.urls.root.rstrip("/")
    body = render_config(
        dl=f"{root}/api/v1/crates", api=root, auth_required=registry.access.wants_credential
    )
    headers = {"Content-Type": "application/json", "Cache-Control": revalidated(cargo)}
    return remember(cargo, body, etag=strong_etag(body), headers=headers)


async def get_cargo_config(cargo: CargoRequest) -> web.Response:
    """`GET config.toml`: the lines to add to cargo's configuration; public."""
    return web.Response(
        text=await cargo_config(cargo),
        content_type="application/toml",
        headers={"Cache-Control": "no-store"},
    )


async def cargo_config(cargo: CargoRequest) -> str:
    """Return the lines for cargo's configuration that the sender may see."""
    grant = None if cargo.registry.access.is_public else await cargo.grant(Scope.READ)
    is_reader = grant is not None and grant.allows(Scope.READ, now=timezone.now())
    return cargo.registry.cargo_config(for_readers=cargo.registry.access.is_public or is_reader)
