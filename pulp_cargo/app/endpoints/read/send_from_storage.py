"""Downloads from an object storage, as Pulp makes them, but without stopping the event loop.

Pulp's own answers ask the storage for a file's size wherever they need it, in the loop. Here the
size is known, and whatever asks the storage does so in a thread.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from django.core.files import File

from pulpcore.plugin.content import ArtifactResponse
from pulpcore.plugin.models import Artifact, ContentArtifact

from pulp_cargo.app.endpoints.http.core import answer_with_artifact
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import cut_off
from pulp_cargo.app.models.core import FILE_SYSTEM, with_domain
from pulp_cargo.app.queries.crates.crate_file import SMALL, StoredFile
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.services.crates.object_storage import answering
from pulp_cargo.protocol.unavailable import ServiceUnavailable

# Large files that a process passes on at once: each is in its memory or on its disk as a whole.
AT_ONCE = 16
TURNS = asyncio.Semaphore(AT_ONCE)


class SentOnce(ArtifactResponse):
    """An answer that is sent within its turn, and not once more when aiohttp would send it."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send headers and bytes, unless that has been done."""
        if self.prepared:
            return await web.StreamResponse.prepare(self, request)
        return await super().prepare(request)


async def with_small_content(cargo: CargoRequest, file: StoredFile) -> StoredFile:
    """Return a file with its bytes where it is small and the storage is not for clients to see."""
    domain = cargo.registry.domain
    is_hidden = domain.storage_class != FILE_SYSTEM and not domain.redirect_to_object_storage
    if not is_hidden or file.size > SMALL:
        return file
    return replace(file, content=await threads.fetch(_read, cargo, file))


async def redirect(
    cargo: CargoRequest, file: StoredFile, file_name: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send the client to the storage, by a URL that is good for a while and for nobody to keep."""
    return await threads.fetch(_redirect, cargo, file, file_name, headers)


async def pass_on(
    cargo: CargoRequest, file: StoredFile, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Fetch the file from the storage, and send it; raises ServiceUnavailable."""
    async with _turn():
        artifact = await threads.fetch(_fetch, cargo, file)
        response = SentOnce(artifact, headers=headers)
        try:
            async with asyncio.timeout(timeouts.STORAGE_TURN_SECONDS):
                await response.prepare(cargo.http)
        except Exception as error:
            if not response.prepared:
                raise
            # What has begun cannot become another answer, and must not look like the whole.
            cut_off(cargo.http)
            raise ConnectionAbortedError from error
    return response


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(timeouts.STORAGE_TURN_TIMEOUT_SECONDS):
            await TURNS.acquire()
    except TimeoutError as error:
        raise ServiceUnavailable(
            f"the registry is sending {AT_ONCE} large files already; try again later"
        ) from error
    try:
        yield
    finally:
        TURNS.release()


def _redirect(
    cargo: CargoRequest, file: StoredFile, file_name: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    known = File(None, file.storage_name)
    known.size = file.size
    # In its domain an artifact needs no query to find out which that is.
    with answering(), with_domain(cargo.registry.domain):
        artifact = Artifact(file=known, size=file.size, sha256=file.cksum)
        unit = ContentArtifact(artifact=artifact, relative_path=file_name)
        answer = answer_with_artifact(unit, headers, cargo.http)
    # What was said of the file is for the storage to say; this is only the way there.
    answer.content_type = "text/plain"
    return answer


def _read(cargo: CargoRequest, file: StoredFile) -> bytes:
    with answering(), _open(cargo, file) as opened:
        return bytes(opened.read())


def _fetch(cargo: CargoRequest, file: StoredFile) -> Artifact:
    """Return an artifact whose bytes are here, so that nothing can fail once the answer begins."""
    with answering(), with_domain(cargo.registry.domain):
        opened = _open(cargo, file)
        if cargo.http.method != "HEAD":
            opened.seek(0)
        return Artifact(file=opened, size=file.size, sha256=file.cksum)


def _open(cargo: CargoRequest, file: StoredFile) -> File:
    try:
        opened = cargo.registry.domain.get_storage().open(file.storage_name)
    except FileNotFoundError:
        opened = None
    if opened is None or opened.size != file.size:
        raise ServiceUnavailable(
            "the file is missing or damaged in the registry's storage; an administrator can repair"
            " the repository version"
        )
    return opened
