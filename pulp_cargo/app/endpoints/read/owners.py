"""The owners of a crate (Cargo Book, Registry Web API, "Owners: List")."""

from collections.abc import Callable

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked
from pulp_cargo.app.endpoints.http.request import CargoRequest, not_known
from pulp_cargo.app.queries import owners
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.protocol.errors import CrateNotFound, NotAuthenticated
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.owners import (
    ShownOwner,
    owner_teams_body,
    owner_users_body,
    owners_body,
)
from pulp_cargo.protocol.table import is_storable
from pulp_cargo.rules.token_scopes import Scope


async def get_owners(cargo: CargoRequest, name: str) -> web.Response:
    """`GET /crates/{name}/owners`, for users of this Pulp: strangers do not learn who they are."""
    return await _shown(cargo, name, owners_body)


async def get_owner_users(cargo: CargoRequest, name: str) -> web.Response:
    """`GET /crates/{name}/owner_user`: the owners that are users (crates.io's API)."""
    return await _shown(cargo, name, owner_users_body)


async def get_owner_teams(cargo: CargoRequest, name: str) -> web.Response:
    """`GET /crates/{name}/owner_team`: the owners that are groups (crates.io's API)."""
    return await _shown(cargo, name, owner_teams_body)


async def _shown(
    cargo: CargoRequest, name: str, shape: Callable[[list[ShownOwner]], bytes]
) -> web.Response:
    await _require_user(cargo)
    cargo.require_crates()
    found = await asked(cargo, _owners, name)
    return web.Response(
        body=shape(found),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def _require_user(cargo: CargoRequest) -> None:
    """Require any valid token; cargo sends one with this request also to public registries."""
    if await cargo.grant(*Scope) is not None:
        return
    if "Authorization" in cargo.http.headers:
        raise not_known(cargo.registry)
    raise NotAuthenticated(
        f"the owners of crates are shown only to users of `{cargo.registry.name}`: get a token from"
        f" {cargo.registry.urls.login}"
    )


def _owners(registry: Registry, name: str) -> list[ShownOwner]:
    """Return the owners of a crate, none where crates have no owners; raises CrateNotFound."""
    if not is_storable(name) or owners.served_crate(registry.content, name) is None:
        raise CrateNotFound(name)
    if registry.content.repository is None or not registry.crate_owners:
        return []
    return owners.shown_owners(registry.content.repository, canonical_name(name))
