"""Index files (Cargo Book, "Sparse Protocol")."""

from aiohttp import web

from pulp_cargo.app.endpoints.answers import remember, revalidated
from pulp_cargo.app.endpoints.cached_index import get_cached_index_file
from pulp_cargo.app.endpoints.request import CargoRequest, refresh
from pulp_cargo.app.queries import index
from pulp_cargo.app.queries.membership import VersionGone
from pulp_cargo.app.services import judging, threads
from pulp_cargo.protocol.errors import CrateNotFound, RouteNotFound
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.paths import name_at


async def get_index_file(cargo: CargoRequest) -> web.StreamResponse:
    """`GET {index path}`: all versions of a crate, a line each."""
    name = name_at(cargo.path)
    if name is None:
        raise RouteNotFound(cargo.path)
    try:
        return await _get(cargo, name)
    except VersionGone:
        await refresh(cargo)
        return await _get(cargo, name)


async def _get(cargo: CargoRequest, name: str) -> web.StreamResponse:
    if cargo.registry.sources or judging.policies_of_store(cargo.registry):
        return await get_cached_index_file(cargo, name)
    cargo.require_crates()
    found = await threads.read(index.index_file, cargo.registry, name)
    if found is None:
        raise CrateNotFound(name)
    return remember(
        cargo,
        found.body,
        gzipped=found.gzipped,
        etag=found.etag,
        crate=canonical_name(name),
        headers={"Content-Type": "text/plain; charset=utf-8", "Cache-Control": revalidated(cargo)},
    )
