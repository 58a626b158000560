"""The snapshot of the repository version that a registry serves (pulp_glue.cargo.snapshot).

It is made and signed by a task (services/snapshots). For the newest version, and for one with a label,
the first request for it starts the task. Every later one costs one query.
"""

import asyncio
from contextlib import suppress
from uuid import UUID

from aiohttp import web
from pulp_glue.cargo.snapshot import LINES

from pulp_cargo.app.endpoints.http.client_timeout import FileWithTimeout
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import (
    headers_for_readers,
    not_modified,
    part_of,
    require_any_byte,
)
from pulp_cargo.app.endpoints.read import send_from_storage
from pulp_cargo.app.models.core import FILE_SYSTEM
from pulp_cargo.app.queries.crates.crate_file import StoredFile
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository import snapshot as queries
from pulp_cargo.app.queries.repository.snapshot import StoredSnapshot
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.services.snapshots import request
from pulp_cargo.protocol.errors import NotFound
from pulp_cargo.protocol.index_file import strong_etag
from pulp_cargo.protocol.unavailable import ServiceUnavailable


async def get_snapshot(cargo: CargoRequest) -> web.StreamResponse:
    """`GET snapshot.json`: the head of the snapshot."""
    found = await _found(cargo)
    return _text(cargo, found.head, "application/json")


async def get_signature(cargo: CargoRequest) -> web.StreamResponse:
    """`GET snapshot.json.asc`: the signature of the head."""
    found = await _found(cargo)
    if not found.signature:
        raise NotFound(f"the snapshot of the registry `{cargo.registry.name}` is not signed")
    return _text(cargo, found.signature, "application/pgp-signature")


async def get_lines(cargo: CargoRequest) -> web.StreamResponse:
    """`GET snapshot.jsonl`: the crate versions."""
    found = await _found(cargo)
    return await _send(cargo, found)


async def _found(cargo: CargoRequest) -> StoredSnapshot:
    registry = cargo.registry
    cargo.require_crates()
    repository, version = registry.content.repository, registry.content.version
    if registry.upstreams.order is not None or repository is None or version is None:
        raise NotFound(
            f"the registry `{registry.name}` does not serve a single repository, so it has no snapshot"
        )
    found = await threads.read(queries.stored, version)
    if found is not None:
        return found
    # Otherwise anybody who may read could have hundreds made.
    if registry.past is not None and not registry.past.has_catalog:
        raise NotFound(
            f"there is no snapshot of version {registry.content.number}: requests start one only for"
            " the newest version, at the registry's own URL, and for those with a label; for others, use"
            " `pulp cargo repository snapshot --number`"
        )
    return await _made(registry, repository, version)


async def _made(registry: Registry, repository: UUID, version: UUID) -> StoredSnapshot:
    """Have the snapshot made, and wait for it; raises ServiceUnavailable."""
    await threads.read(request.start_for_reader, registry, repository, version)
    with suppress(TimeoutError):
        async with asyncio.timeout(timeouts.SNAPSHOT_TIMEOUT_SECONDS):
            while True:
                await asyncio.sleep(timeouts.SNAPSHOT_INTERVAL_SECONDS)
                if found := await threads.read(queries.stored, version):
                    return found
    raise ServiceUnavailable(
        f"the snapshot of version {registry.content.number} is not ready: a task makes it, which may"
        " be waiting for other tasks, or have failed; try again later"
    )


def _text(cargo: CargoRequest, text: str, content_type: str) -> web.Response:
    body = text.encode()
    etag, headers = strong_etag(body), headers_for_readers(cargo)
    if same := not_modified(cargo.http, etag, headers):
        return same
    return web.Response(body=body, content_type=content_type, headers={"ETag": etag, **headers})


async def _send(cargo: CargoRequest, found: StoredSnapshot) -> web.StreamResponse:
    """Send the lines from a file system, or from an object storage."""
    domain, headers = cargo.registry.domain, headers_for_readers(cargo)
    headers["Content-Type"] = "application/jsonl; charset=utf-8"
    require_any_byte(cargo.http, found.size)
    if domain.storage_class == FILE_SYSTEM:
        # It has an entity tag of its own, and answers conditional requests.
        return FileWithTimeout(domain.get_storage().path(found.storage_name), found.size, headers)
    etag = f'"{found.sha256}"'
    headers["ETag"] = etag
    if same := not_modified(cargo.http, etag, headers):
        return same
    file = StoredFile(found.sha256, found.storage_name, found.size, None, None)
    if domain.redirect_to_object_storage:
        return await send_from_storage.redirect(cargo, file, LINES, headers)
    file = await send_from_storage.with_small_content(cargo, file)
    if file.content is not None:
        part = part_of(cargo.http, file.content, etag, headers)
        return part or web.Response(body=file.content, headers=headers)
    return await send_from_storage.pass_on(cargo, file, headers)
