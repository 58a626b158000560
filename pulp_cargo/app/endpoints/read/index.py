"""Index files (Cargo Book, "Sparse Protocol")."""

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest, refresh
from pulp_cargo.app.endpoints.http.responses import remember, revalidated
from pulp_cargo.app.endpoints.read.index_through_cache import get_cached_index_file
from pulp_cargo.app.queries.crates import index_file
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.policies import evaluate
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
    if cargo.registry.sources or evaluate.policies_of_store(cargo.registry):
        return await get_cached_index_file(cargo, name)
    cargo.require_crates()
    found = await threads.read(index_file.index_file, cargo.registry, name)
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
