"""Index files (Cargo Book, "Sparse Protocol")."""

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest, refresh
from pulp_cargo.app.endpoints.http.responses import remember, revalidated
from pulp_cargo.app.queries.crates import index_file
from pulp_cargo.app.queries.crates.index_file import IndexFile
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache.crate_index import crate_index
from pulp_cargo.protocol.errors import CrateNotFound, RouteNotFound
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.paths import name_at


async def get_index_file(cargo: CargoRequest) -> web.StreamResponse:
    """`GET {index path}`: all versions of a crate, one per line."""
    name = name_at(cargo.path)
    if name is None:
        raise RouteNotFound(cargo.path)
    try:
        return await _get(cargo, name)
    except VersionGone:
        await refresh(cargo)
        return await _get(cargo, name)


async def _get(cargo: CargoRequest, name: str) -> web.StreamResponse:
    if not cargo.registry.upstreams.serves_repository_as_it_is:
        served = await crate_index(cargo.process.cache, cargo.registry, name)
        return _answer(cargo, name, served.file, fresh_for=served.fresh_for, age=served.age)
    cargo.require_crates()
    content, urls = cargo.registry.content, cargo.registry.urls
    found = await threads.read(index_file.index_file, content, urls, name)
    if found is None:
        raise CrateNotFound(name)
    return _answer(cargo, name, found)


def _answer(
    cargo: CargoRequest,
    name: str,
    file: IndexFile,
    fresh_for: float | None = None,
    age: int | None = None,
) -> web.StreamResponse:
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": revalidated(cargo)}
    if age is not None:
        headers["Age"] = str(age)
    return remember(
        cargo,
        file.body,
        gzipped=file.gzipped,
        etag=file.etag,
        crate=canonical_name(name),
        headers=headers,
        fresh_for=fresh_for,
    )
