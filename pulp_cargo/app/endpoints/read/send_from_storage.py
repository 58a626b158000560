"""Downloads from an object storage, as Pulp provides them, but without blocking the event loop.

Pulp's own responses request the size of a file from the storage on the event loop. Here the size is
known, and all requests to the storage are made in threads.
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
from pulp_cargo.app.endpoints.http.responses import complete_or_cut_off
from pulp_cargo.app.endpoints.process import STORAGE_FILES_AT_ONCE, ContentProcess
from pulp_cargo.app.models.core import FILE_SYSTEM, with_domain
from pulp_cargo.app.queries.crates.crate_file import SMALL, StoredFile
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.services.crates.object_storage import answering
from pulp_cargo.protocol.unavailable import ServiceUnavailable


class SentOnce(ArtifactResponse):
    """A response that is sent while its slot is held, so that aiohttp does not send it again."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send headers and bytes, unless they have been sent."""
        if self.prepared:
            return await web.StreamResponse.prepare(self, request)
        return await super().prepare(request)


async def with_small_content(cargo: CargoRequest, file: StoredFile) -> StoredFile:
    """Return a file, with its bytes if it is small and clients have no access to the storage."""
    domain = cargo.registry.domain
    is_hidden = domain.storage_class != FILE_SYSTEM and not domain.redirect_to_object_storage
    if not is_hidden or file.size > SMALL:
        return file
    return replace(file, content=await threads.read_file(_read, cargo, file))


async def redirect(
    cargo: CargoRequest, file: StoredFile, file_name: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Redirect the client to the storage, with a URL that expires and must not be cached."""
    return await threads.read_file(_redirect, cargo, file, file_name, headers)


async def pass_on(
    cargo: CargoRequest, file: StoredFile, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Fetch the file from the storage, and send it; raises ServiceUnavailable."""
    async with _turn(cargo.process):
        artifact = await threads.read_file(_fetch, cargo, file)
        response = SentOnce(artifact, headers=headers)
        with complete_or_cut_off(cargo.http, response):
            async with asyncio.timeout(timeouts.STORAGE_TURN_SECONDS):
                await response.prepare(cargo.http)
    return response


@asynccontextmanager
async def _turn(process: ContentProcess) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(timeouts.STORAGE_TURN_TIMEOUT_SECONDS):
            await process.storage_turns.acquire()
    except TimeoutError as error:
        raise ServiceUnavailable(
            f"the registry is sending {STORAGE_FILES_AT_ONCE} large files already; try again later"
        ) from error
    try:
        yield
    finally:
        process.storage_turns.release()


def _redirect(
    cargo: CargoRequest, file: StoredFile, file_name: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    known = File(None, file.storage_name)
    known.size = file.size
    # Inside its domain, an artifact needs no query for it.
    with answering(), with_domain(cargo.registry.domain):
        artifact = Artifact(file=known, size=file.size, sha256=file.cksum)
        unit = ContentArtifact(artifact=artifact, relative_path=file_name)
        answer = answer_with_artifact(unit, headers, cargo.http)
    # The type of the file is in the response of the storage; this is only the redirect.
    answer.content_type = "text/plain"
    return answer


def _read(cargo: CargoRequest, file: StoredFile) -> bytes:
    with answering(), _open(cargo, file) as opened:
        return bytes(opened.read())


def _fetch(cargo: CargoRequest, file: StoredFile) -> Artifact:
    """Return an artifact whose bytes are local, so that nothing can fail once the response begins."""
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
