"""Publishing a crate (Cargo Book, Registry Web API, "Publish")."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.memory.memory import memory
from pulp_cargo.app.endpoints.write.as_owner import as_owner
from pulp_cargo.app.endpoints.write.require_writable import require_repository
from pulp_cargo.app.queries.registry.grants import Grant
from pulp_cargo.app.runtime import (
    free_space,
    steps,
    threads,
    timeouts,
)
from pulp_cargo.app.services.crates import (
    crate_reader,
    crate_unit,
)
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.object_storage import uploaded
from pulp_cargo.app.services.publish import commit_queue, examine
from pulp_cargo.app.services.publish.commit import Committed
from pulp_cargo.protocol.api import published_body
from pulp_cargo.protocol.errors import InvalidPublishBody
from pulp_cargo.protocol.publish import FrameReader, PublishMetadata
from pulp_cargo.rules.scopes import Scope

PUBLISHING = (Scope.PUBLISH_NEW, Scope.PUBLISH_UPDATE)
# Bytes are handed to the thread that hashes and writes them in chunks of this size.
CHUNK_BYTES = 512 * 1024
# Metadata of up to so many bytes are parsed in no time, that is in less than a thread takes.
QUICKLY_PARSED = 16 * 1024


@dataclass(slots=True)
class Body:
    """What came of a crate: a file once there are bytes for it, and those that are not in it yet."""

    chunk: bytearray = field(default_factory=bytearray)
    file: IncomingFile | None = None

    def write(self) -> IncomingFile:
        """Write the bytes into the file; raises StorageFull."""
        if self.file is None:
            self.file = IncomingFile()
        self.file.write(bytes(self.chunk))
        self.chunk.clear()
        return self.file

    def release(self) -> None:
        """Let go of the file (see IncomingFile)."""
        if self.file is not None:
            self.file.release()


async def put_new(cargo: CargoRequest) -> web.Response:
    """`PUT /crates/new`: answers when the version is committed, and every process knows it."""
    await cargo.require(*PUBLISHING)
    repository = require_repository(cargo.registry)
    free_space.require_room()
    body = Body()
    try:
        metadata = await _receive(cargo, body)
        steps.reached("received")
        # The token may have been revoked while the body came in.
        grant = await cargo.require(*PUBLISHING, crate=metadata.name)
        change = await threads.work(_examine, cargo, grant, metadata, body)
        steps.reached("examined")
        async with uploaded(change.file, cargo.registry.domain):
            committed = await as_owner(cargo, grant, partial(_submit, cargo, repository, change))
    finally:
        body.release()
    await memory.acknowledgements.wait_until_all_processes_know(committed)
    steps.reached("told")
    return web.Response(body=published_body(change.warnings), content_type="application/json")


async def _receive(cargo: CargoRequest, body: Body) -> PublishMetadata:
    """Read the body, and return what stands before the file in it.

    A crate that the token is not for is refused before its bytes are taken in.
    """
    allowed = crate_unit.limits()
    frame = FrameReader(allowed.max_metadata_bytes, allowed.max_crate_bytes)
    metadata: PublishMetadata | None = None
    async for chunk in _chunks(cargo.http):
        body.chunk += frame.feed(chunk)
        if metadata is None and frame.metadata is not None:
            metadata = await _parse(frame.metadata, allowed.dependencies)
            await cargo.require(*PUBLISHING, crate=metadata.name)
        if len(body.chunk) >= CHUNK_BYTES:
            await threads.work(body.write)
    frame.finish()
    if metadata is None:
        raise InvalidPublishBody("it has no metadata")
    return metadata


async def _parse(metadata: bytes, most_deps: int) -> PublishMetadata:
    # A megabyte of JSON takes longer than others should have to wait.
    if len(metadata) > QUICKLY_PARSED:
        return await threads.work(crate_reader.parse_metadata, metadata, most_deps)
    return crate_reader.parse_metadata(metadata, most_deps)


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    """Yield the body as it comes; raises InvalidPublishBody when it stops coming."""
    clock = asyncio.get_running_loop().time
    pause, most = timeouts.PUBLISH_IDLE_TIMEOUT_SECONDS, timeouts.PUBLISH_BODY_TIMEOUT_SECONDS
    end = clock() + most
    try:
        async with asyncio.timeout(pause) as idle:
            async for chunk in request.content.iter_any():
                idle.reschedule(None)
                yield chunk
                idle.reschedule(min(clock() + pause, end))
    except TimeoutError as error:
        raise InvalidPublishBody(
            f"the body stopped for {pause} seconds, or took more than {most} in all"
        ) from error
    except web.RequestPayloadError as error:
        raise InvalidPublishBody(f"the body could not be read to its end: {error}") from error


async def _submit(
    cargo: CargoRequest, repository: UUID, change: examine.Publish, by: Grant
) -> Committed | None:
    change = replace(change, grant=by)
    return await commit_queue.submit(repository, cargo.registry.domain, change, change.file)


def _examine(
    cargo: CargoRequest, grant: Grant, metadata: PublishMetadata, body: Body
) -> examine.Publish:
    return examine.examine(cargo.registry, grant, metadata, body.write())
