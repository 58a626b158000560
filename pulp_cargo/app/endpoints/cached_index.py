"""Index files of a registry that has its crates from upstreams."""

from dataclasses import dataclass

from aiohttp import web

from pulp_cargo.app.endpoints.answers import remember, revalidated
from pulp_cargo.app.endpoints.request import CargoRequest
from pulp_cargo.app.queries import index
from pulp_cargo.app.queries.index import GZIP_FROM, IndexFile
from pulp_cargo.app.queries.upstream_index import IndexCopy, compressed
from pulp_cargo.app.services import sourcing, threads
from pulp_cargo.app.services.sourcing import STAND_IN_SECONDS, Found
from pulp_cargo.protocol.errors import CrateNotFound
from pulp_cargo.protocol.index_file import strong_etag
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.upstream_index import parse_index_file


@dataclass(frozen=True, slots=True)
class Served:
    """An index file, for how many seconds it is fresh (None: until we change it), and its age."""

    file: IndexFile
    fresh_for: float | None
    age: int | None = None


async def get_cached_index_file(cargo: CargoRequest, name: str) -> web.StreamResponse:
    """Answer with a crate's index file, whole and as its upstream has it; raises CrateNotFound."""
    found = await sourcing.sources_with(cargo.registry, name)
    if not found:
        raise CrateNotFound(name)
    served = await _served(cargo, found[0], name)
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": revalidated(cargo)}
    if served.age is not None:
        headers["Age"] = str(served.age)
    return remember(
        cargo,
        served.file.body,
        gzipped=served.file.gzipped,
        etag=served.file.etag,
        crate=canonical_name(name),
        headers=headers,
        fresh_for=served.fresh_for,
    )


async def _served(cargo: CargoRequest, found: Found, name: str) -> Served:
    current, source = found.current, found.source
    if current is None:
        file = await threads.read(index.index_file, cargo.registry.at(source), name)
        if file is None:
            raise CrateNotFound(name)
        return Served(file, STAND_IN_SECONDS if source.remote else None)
    assert current.copy is not None, "what is not there is not found"
    file = await threads.work(_file, current.copy)
    return Served(file, current.fresh_for, current.age)


def _file(copy: IndexCopy) -> IndexFile:
    """Return a file as it came, but for versions that it has twice."""
    body = copy.body()
    if copy.is_sound:
        gzipped = copy.gzipped if len(body) >= GZIP_FROM else None
        return IndexFile(body, gzipped, f'"{copy.digest[:32]}"')
    body = parse_index_file(body, copy.name).serve()
    return IndexFile(body, compressed(body), strong_etag(body))
