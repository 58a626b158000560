"""Downloads of .crate files (Cargo Book, "Index Configuration", `dl`).

A download is counted once, by the response with the first byte of the file or a redirect to it. A
HEAD, a 304, or the continuation of a download is none.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from aiohttp import web
from django.conf import settings

from pulpcore.plugin.content import ArtifactResponse

from pulp_cargo.app.endpoints.http.client_timeout import FileWithTimeout, SlowClient
from pulp_cargo.app.endpoints.http.request import CargoRequest, refresh
from pulp_cargo.app.endpoints.http.responses import complete_or_cut_off, part_of, varies
from pulp_cargo.app.endpoints.process import PROCESS
from pulp_cargo.app.endpoints.read.send_file import send
from pulp_cargo.app.queries.crates import crate_file
from pulp_cargo.app.queries.crates.crate_file import SMALL
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache.download import AvailableFile, DownloadRequest, locate
from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch
from pulp_cargo.app.services.statistics.download_counts import Download
from pulp_cargo.protocol.errors import RegistryError, VersionNotFound
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version

# The bytes of a version never change.
FOR_EVER = "max-age=31536000, immutable"
FROM_START = "bytes=0-"
# Headers by which a file on disk may become a 304.
CONDITIONS = ("If-None-Match", "If-Modified-Since")


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
    if not cargo.registry.upstreams.serves_repository_as_it_is:
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
        found = await locate(
            DownloadRequest(cargo.process.cache, cargo.registry, name, vers, leases)
        )
        if not isinstance(found, AvailableFile):
            return await _send_while_fetching(cargo, found, headers)
    return await send(cargo, found.file, name, vers, headers, found.fresh_for, download)


async def _send_while_fetching(
    cargo: CargoRequest, fetch: SharedFetch, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send a file as it arrives; a small file, or a range of one, if it is complete."""
    size = await fetch.begun()
    etag = f'"{fetch.cksum}"'
    if fetch.is_complete and size <= SMALL:
        content = b"".join([chunk async for chunk in fetch.read(0, size)])
        part = part_of(cargo.http, content, etag, headers)
        return part or web.Response(body=content, headers={**headers, "ETag": etag})
    # A request for a range gets the whole file, as HTTP allows.
    response = web.StreamResponse(headers={**headers, "ETag": etag})
    response.content_length = size
    await response.prepare(cargo.http)
    if cargo.http.method == "HEAD":
        return response
    client = SlowClient()
    # After an error cargo tries again.
    with complete_or_cut_off(cargo.http, response):
        async for chunk in fetch.read(0, size):
            await client.write(response.write, chunk)
        await client.write_eof(response)
    return response


def countable(registry: Registry, name: str, vers: str) -> Download | None:
    """Return what to count for a served version, None if downloads are not counted."""
    return Download(str(registry.pk), name, vers) if settings.CARGO_COUNT_DOWNLOADS else None


def count(request: web.Request, response: web.StreamResponse, download: Download | None) -> None:
    """Count a response if it is a download; a file on disk when it has been sent."""
    if download is None or request.method != "GET":
        return
    if isinstance(response, FileWithTimeout):
        response.when_sent = partial(_count_sent, request, response, download)
    elif _is_undecided(response):
        if _has_first_byte(request) and not any(name in request.headers for name in CONDITIONS):
            request.app[PROCESS].counts.note(download)
    else:
        _count_sent(request, response, download)


def _count_sent(request: web.Request, response: web.StreamResponse, download: Download) -> None:
    match response.status:
        case 200:
            is_download = True
        case 206:
            is_download = response.headers.get("Content-Range", "").startswith("bytes 0-")
        case 302:
            is_download = _has_first_byte(request)
        case _:
            is_download = False
    if is_download:
        request.app[PROCESS].counts.note(download)


def _has_first_byte(request: web.Request) -> bool:
    return request.headers.get("Range", FROM_START).startswith(FROM_START)


def _is_undecided(response: web.StreamResponse) -> bool:
    """Whether a response of core's gets its status when it is sent, by the headers of the request."""
    return isinstance(response, web.FileResponse | ArtifactResponse) and not response.prepared
