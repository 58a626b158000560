"""Downloads of .crate files through a registry that has them from upstreams."""

from collections.abc import Mapping

from aiohttp import web

from pulp_cargo.app.endpoints.answers import cut_off
from pulp_cargo.app.endpoints.request import CargoRequest
from pulp_cargo.app.endpoints.sending import part_of, send
from pulp_cargo.app.queries import crates
from pulp_cargo.app.queries.crates import SMALL
from pulp_cargo.app.queries.sources import Source
from pulp_cargo.app.services import (
    keeper,
    kept,
    pulls,
    sourcing,
    threads,
    upstream_clients,
    upstream_index,
    whole_crates,
)
from pulp_cargo.app.services.pulls import Pull
from pulp_cargo.app.services.sourcing import Found
from pulp_cargo.app.services.upstream_versions import versions_of
from pulp_cargo.protocol.errors import VersionNotFound
from pulp_cargo.protocol.upstream_index import UpstreamVersion


async def get_cached_crate_file(
    cargo: CargoRequest, name: str, vers: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send the file whose checksum the upstream's index has, from here or from there."""
    found = await sourcing.sources_with(cargo.registry, name.lower(), at_any_age=True)
    for one in found:
        version = await _version(one, name, vers)
        if version is not None:
            return await _send(cargo, one.source, version, name, headers)
        file = await threads.read(crates.crate_file, cargo.registry.at(one.source), name, vers)
        if file is not None:
            return await send(cargo, file, name, vers, headers)
    raise VersionNotFound(name, vers)


async def _version(found: Found, name: str, vers: str) -> UpstreamVersion | None:
    """Return what the upstream's index says of a version; a new one may not be in our copy yet."""
    source, current = found.source, found.current
    if source.remote is None or current is None or current.copy is None:
        return None
    version = (await versions_of(source.remote, current.copy)).get(vers)
    if version is None and current.fresh_for == 0:
        current = await upstream_index.current(source.remote, name.lower())
        if current.copy is not None:
            version = (await versions_of(source.remote, current.copy)).get(vers)
    return version


async def _send(
    cargo: CargoRequest,
    source: Source,
    version: UpstreamVersion,
    name: str,
    headers: Mapping[str, str],
) -> web.StreamResponse:
    assert source.remote is not None, "only remotes have an upstream's index"
    keep = keeper.Keeper(cargo.registry.domain, source, version)
    stored = await threads.read(
        crates.kept_file, cargo.registry.at(source), name, version.vers, version.cksum
    )
    if stored is not None:
        if not stored.is_member:
            keep.adopt(stored.unit)
        return await send(cargo, stored.file, name, version.vers, headers)
    pull = pulls.pull(source.remote, name, version.vers, version.cksum, keep.keep)
    with pull.held():
        whole_crates.bring(cargo.registry.domain, source, name)
        return await _pass_on(cargo, pull, headers)


async def _pass_on(
    cargo: CargoRequest, pull: Pull, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send what comes in while it does; a small file, or a part of one, when all is here."""
    has_all = await pull.begun()
    assert pull.size is not None, "a file that can be sent has a size"
    etag = f'"{pull.cksum}"'
    if has_all and pull.size <= SMALL:
        content = b"".join([chunk async for chunk in pull.read(0, pull.size)])
        whole = web.Response(body=content, headers={**headers, "ETag": etag})
        return part_of(cargo.http, content, etag, headers) or whole
    # Whoever wants a part of a large one gets the whole this once, as HTTP allows.
    response = web.StreamResponse(headers={**headers, "ETag": etag})
    response.content_length = pull.size
    await response.prepare(cargo.http)
    if cargo.http.method == "HEAD":
        return response
    try:
        async for chunk in pull.read(0, pull.size):
            await response.write(chunk)
    except Exception as error:
        # Whoever gets a part has to notice, and cargo tries again.
        cut_off(cargo.http)
        raise ConnectionAbortedError from error
    return response


async def close_upstreams(app: web.Application) -> None:
    """Keep what came, and close the connections, when the process ends (an aiohttp clean-up signal)."""
    await kept.join_all()
    await upstream_clients.close_all()
