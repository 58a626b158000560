"""Publishing a crate (Cargo Book, Registry Web API, "Publish")."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.write.as_owner import as_owner
from pulp_cargo.app.endpoints.write.require_writable import require_repository
from pulp_cargo.app.runtime import steps, threads, timeouts
from pulp_cargo.app.services.crates import crate_unit
from pulp_cargo.app.services.crates.crate_reader import CrateReaders
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.object_storage import uploaded
from pulp_cargo.app.services.publish.commit import Committed
from pulp_cargo.app.services.publish.publish import Publish, examine
from pulp_cargo.protocol.api import published_body
from pulp_cargo.protocol.errors import InvalidPublishBody
from pulp_cargo.protocol.publish import FrameReader, PublishMetadata
from pulp_cargo.rules.token_scopes import Grant, Scope

PUBLISHING = (Scope.PUBLISH_NEW, Scope.PUBLISH_UPDATE)
# The thread that hashes and writes the file gets chunks of this size.
CHUNK_BYTES = 512 * 1024
# Parsing metadata of up to this size, in bytes, takes less time than handing it to a thread.
QUICKLY_PARSED = 16 * 1024


@dataclass(slots=True)
class Body:
    """The received bytes of a crate: a file, and the chunk that is not written to it yet."""

    chunk: bytearray = field(default_factory=bytearray)
    file: IncomingFile | None = None

    @property
    def size(self) -> int:
        """The number of bytes so far."""
        return len(self.chunk) + (0 if self.file is None else self.file.size)

    def write(self) -> IncomingFile:
        """Write the chunk to the file; raises StorageFull."""
        if self.file is None:
            self.file = IncomingFile()
        self.file.write(bytes(self.chunk))
        self.chunk.clear()
        return self.file

    def release(self) -> None:
        """Release the file (see IncomingFile)."""
        if self.file is not None:
            self.file.release()


async def put_new(cargo: CargoRequest) -> web.Response:
    """`PUT /crates/new`: responds when the version is committed and every process has acknowledged it."""
    await cargo.require(*PUBLISHING)
    repository = require_repository(cargo.registry)
    process = cargo.process
    process.services.disk.require_room()
    body = Body()
    try:
        metadata = await _receive(cargo, body)
        steps.reached("received")
        # The token may have been revoked while the body came in.
        grant = await cargo.require(*PUBLISHING, crate=metadata.name)
        with process.commits.expecting(repository):
            change = await threads.examine(body.size, _examine, cargo, grant, metadata, body)
        steps.reached("examined")
        async with uploaded(change.file, cargo.registry.domain):
            committed = await as_owner(cargo, grant, partial(_submit, cargo, repository, change))
    finally:
        body.release()
    await process.memory.acknowledgements.wait_until_all_processes_know(committed)
    steps.reached("acknowledged")
    return web.Response(body=published_body(change.warnings), content_type="application/json")


async def _receive(cargo: CargoRequest, body: Body) -> PublishMetadata:
    """Read the body, and return the metadata before the file.

    If the token does not allow this crate, it is refused before its bytes are received.
    """
    allowed = crate_unit.limits()
    frame = FrameReader(allowed.max_metadata_bytes, allowed.max_crate_bytes)
    metadata: PublishMetadata | None = None
    async for chunk in _chunks(cargo.http):
        body.chunk += frame.feed(chunk)
        if metadata is None and frame.metadata is not None:
            metadata = await _parse(
                cargo.process.services.readers, frame.metadata, allowed.dependencies
            )
            await cargo.require(*PUBLISHING, crate=metadata.name)
        if len(body.chunk) >= CHUNK_BYTES:
            await threads.work(body.write)
    frame.finish()
    if metadata is None:
        raise InvalidPublishBody("it has no metadata")
    return metadata


async def _parse(readers: CrateReaders, metadata: bytes, most_deps: int) -> PublishMetadata:
    # Parsing a megabyte of JSON would block the event loop for too long.
    if len(metadata) > QUICKLY_PARSED:
        return await threads.examine(len(metadata), readers.parse_metadata, metadata, most_deps)
    return readers.parse_metadata(metadata, most_deps)


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    """Yield the body as it arrives; raises InvalidPublishBody if it stops arriving."""
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
    cargo: CargoRequest, repository: UUID, change: Publish, by: Grant
) -> Committed | None:
    change = replace(change, grant=by)
    return await cargo.process.commits.submit(
        repository, cargo.registry.domain, change, change.file
    )


def _examine(cargo: CargoRequest, grant: Grant, metadata: PublishMetadata, body: Body) -> Publish:
    readers = cargo.process.services.readers
    return examine(readers, cargo.registry, grant, metadata, body.write())
