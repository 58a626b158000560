"""Downloads of .crate files (Cargo Book, "Index Configuration", `dl`)."""

from collections.abc import Mapping
from contextlib import ExitStack

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest, refresh
from pulp_cargo.app.endpoints.http.responses import varies
from pulp_cargo.app.endpoints.read.count_download import count, countable
from pulp_cargo.app.endpoints.read.send_file import send
from pulp_cargo.app.endpoints.read.send_while_fetching import pass_on
from pulp_cargo.app.queries.crates import crate_file
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache.download import Here, Wanted, locate
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.app.services.statistics.download_counts import Download
from pulp_cargo.protocol.errors import RegistryError, VersionNotFound
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version

# The bytes of a version never change.
FOR_EVER = "max-age=31536000, immutable"


async def get_crate_file(cargo: CargoRequest, name: str, vers: str) -> web.StreamResponse:
    """`GET /crates/{name}/{vers}/download`: the bytes with the SHA-256 in the index line."""
    try:
        parse_crate_name(name)
        parse_version(vers)
    except RegistryError as error:
        raise VersionNotFound(name, vers) from error
    whose = "public" if cargo.registry.access.is_public else "private"
    # No Content-Encoding: cargo would decode it, and find another checksum.
    headers = {
        "Content-Type": "application/gzip",
        "Cache-Control": f"{whose}, {FOR_EVER}",
        "Accept-Ranges": "bytes",
        **varies(cargo.registry.access),
    }
    download = countable(cargo.registry, name, vers)
    try:
        response = await _get(cargo, name, vers, headers, download)
    except VersionGone:
        await refresh(cargo)
        response = await _get(cargo, name, vers, headers, download)
    except web.HTTPRedirection as redirection:
        count(cargo.http, redirection, download)
        raise
    count(cargo.http, response, download)
    return response


async def _get(
    cargo: CargoRequest,
    name: str,
    vers: str,
    headers: Mapping[str, str],
    download: Download | None,
) -> web.StreamResponse:
    if not evaluate.serves_repository_as_it_is(cargo.registry.upstreams):
        return await _through_cache(cargo, name, vers, headers, download)
    cargo.require_crates()
    content, domain = cargo.registry.content, cargo.registry.domain
    file = await threads.read(crate_file.crate_file, content, domain, name, vers)
    if file is None:
        raise VersionNotFound(name, vers)
    return await send(cargo, file, name, vers, headers, download=download)


async def _through_cache(
    cargo: CargoRequest,
    name: str,
    vers: str,
    headers: Mapping[str, str],
    download: Download | None,
) -> web.StreamResponse:
    """Send the file with the checksum in the upstream's index: a stored one, or its download."""
    with ExitStack() as leases:
        found = await locate(Wanted(cargo.process.cache, cargo.registry, name, vers, leases))
        if not isinstance(found, Here):
            return await pass_on(cargo, found, headers)
    return await send(cargo, found.file, name, vers, headers, found.fresh_for, download)
