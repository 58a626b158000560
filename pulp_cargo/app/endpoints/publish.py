"""Publishing a crate (Cargo Book, Registry Web API, "Publish")."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from pulp_cargo.app.endpoints.memory import memory
from pulp_cargo.app.endpoints.request import CargoRequest
from pulp_cargo.app.endpoints.writable import require_repository
from pulp_cargo.app.queries.principals import Grant
from pulp_cargo.app.services import (
    crate_reader,
    free_space,
    group_commit,
    incoming,
    publish,
    steps,
    threads,
    units,
)
from pulp_cargo.app.services.incoming import IncomingFile
from pulp_cargo.app.services.upload import uploaded
from pulp_cargo.protocol.api import published_body
from pulp_cargo.protocol.errors import InvalidPublishBody
from pulp_cargo.protocol.publish import FrameReader, PublishMetadata
from pulp_cargo.rules.scopes import Scope

PUBLISHING = (Scope.PUBLISH_NEW, Scope.PUBLISH_UPDATE)
# Bytes are handed to the thread that hashes and writes them in lots of this size.
LOT = 512 * 1024
# A body that stops for so long will not go on; cargo itself gives up after half of that.
IDLE_SECONDS = 60
# The longest that a body may take in all.
BODY_SECONDS = 900


async def put_new(cargo: CargoRequest) -> web.Response:
    """`PUT /crates/new`: answers when the version is committed, and every process knows it."""
    await cargo.require(*PUBLISHING)
    repository = require_repository(cargo.registry)
    file = await threads.work(_begin)
    try:
        metadata, rest = await _receive(cargo, file)
        steps.reached("received")
        # The token may have been revoked while the body came in.
        grant = await cargo.require(*PUBLISHING, crate=metadata.name)
        change = await threads.work(_examine, cargo, grant, metadata, file, rest)
        steps.reached("examined")
        async with uploaded(file, cargo.registry.domain):
            committed = await group_commit.submit(repository, cargo.registry.domain, change, file)
    finally:
        file.release()
    await memory.hearing.reach(committed)
    steps.reached("told")
    return web.Response(body=published_body(change.warnings), content_type="application/json")


async def finish_publishes(app: web.Application) -> None:
    """Commit what waits, or refuse it, when the process ends (an aiohttp clean-up signal)."""
    await group_commit.finish()
    crate_reader.stop()


async def remove_leftovers(app: web.Application) -> None:
    """Clean up after processes that were killed, when one starts (an aiohttp start-up signal)."""
    await threads.work(incoming.remove_leftovers)


async def _receive(cargo: CargoRequest, file: IncomingFile) -> tuple[PublishMetadata, bytes]:
    """Read the body into metadata and file, and return what is still to be written of the file.

    A crate that the token is not for is refused before its bytes are taken in.
    """
    allowed = units.limits()
    frame = FrameReader(allowed.max_metadata_bytes, allowed.max_crate_bytes)
    metadata: PublishMetadata | None = None
    lot = bytearray()
    async for chunk in _chunks(cargo.http):
        lot += frame.feed(chunk)
        if metadata is None and frame.metadata is not None:
            # A megabyte of JSON takes longer than others should have to wait.
            metadata = await threads.work(
                crate_reader.parse_metadata, frame.metadata, allowed.dependencies
            )
            await cargo.require(*PUBLISHING, crate=metadata.name)
        if len(lot) >= LOT:
            await threads.work(file.write, bytes(lot))
            lot.clear()
    frame.finish()
    assert metadata is not None, "a frame that is complete has metadata"
    return metadata, bytes(lot)


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    """Yield the body as it comes; raises InvalidPublishBody when it stops coming."""
    clock = asyncio.get_running_loop().time
    end = clock() + BODY_SECONDS
    try:
        async with asyncio.timeout(IDLE_SECONDS) as idle:
            async for chunk in request.content.iter_any():
                idle.reschedule(None)
                yield chunk
                idle.reschedule(min(clock() + IDLE_SECONDS, end))
    except TimeoutError as error:
        raise InvalidPublishBody(
            f"the body stopped for {IDLE_SECONDS} seconds, or took more than {BODY_SECONDS} in all"
        ) from error
    except web.RequestPayloadError as error:
        raise InvalidPublishBody(f"the body could not be read to its end: {error}") from error


def _begin() -> IncomingFile:
    """Return a new file, if there is room for one; raises StorageFull."""
    free_space.require_room()
    return IncomingFile()


def _examine(
    cargo: CargoRequest, grant: Grant, metadata: PublishMetadata, file: IncomingFile, rest: bytes
) -> publish.Publish:
    file.write(rest)
    return publish.examine(cargo.registry, grant, metadata, file)
