"""The requests of a sync to its upstream: for the listing, and for files.

They use the same connections as caches, on the background event loop, since a task has none of its
own. A registry of Pulp has its files below its own URL, so config.json is not needed. On-demand
files are fetched later with core's downloader, since core streams and stores them.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from yarl import URL

from pulpcore.plugin.models import RemoteArtifact

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.models.core import release_session
from pulp_cargo.app.runtime.background_loop import BackgroundLoop
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.upstream import listing
from pulp_cargo.app.upstream.client import Client
from pulp_cargo.app.upstream.connection import FOR_SYNCS, Connection, Kind
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.app.upstream.retries import with_retries
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.unavailable import UpstreamRefused, UpstreamUnreachable

T = TypeVar("T")

IDENTITY = {"Accept-Encoding": "identity"}


class OtherBytes(UpstreamUnreachable):
    """A fetched file has another size or checksum than in the index; a retry may succeed."""


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that the upstream does not have, or that is another than the index names."""

    reason: str


@dataclass(frozen=True, slots=True)
class ConnectedUpstream:
    """A connection to the upstream of a sync, and the event loop on which it is used."""

    client: Client
    loop: BackgroundLoop

    @property
    def connection(self) -> Connection:
        """The connection of the client."""
        return self.client.connection

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return the result of a coroutine that uses the connection."""
        return self.loop.start(coroutine).result()


@contextmanager
def connected(loop: BackgroundLoop, remote: CargoRemote) -> Iterator[ConnectedUpstream]:
    """Open a connection to the upstream, and close it afterwards; raises CannotCopy."""

    async def connect() -> Client:
        return Client(remote, FOR_SYNCS)

    try:
        upstream = ConnectedUpstream(loop.start(connect()).result(), loop)
    except (OSError, ValueError) as error:
        # For instance, a certificate or key of the remote cannot be read, or no host has its name.
        raise CannotCopy(f"the remote `{remote.name}` cannot be used: {error}") from error
    try:
        yield upstream
    finally:
        release_session(remote)
        upstream.run(upstream.connection.close())


def note_file_origin(remote: CargoRemote, url: str | None) -> None:
    """Note the host of a URL as the one that gets the remote's token for files, None for no host."""
    origin = "" if url is None else str(URL(url).origin())
    # The remote may have got another URL meanwhile. Its clients do not depend on this.
    same = CargoRemote.objects.filter(pk=remote.pk, url=remote.url)
    same.exclude(file_origin=origin).update(file_origin=origin)


def fetch_listing(upstream: ConnectedUpstream, etag: str | None) -> listing.Fetched | None:
    """Fetch the listing, None if it has not changed since `etag`; raises CannotCopy."""
    connection = upstream.connection
    try:
        return upstream.run(
            with_retries(
                lambda: listing.fetch(connection, etag), connection.breaker, connection.max_retries
            )
        )
    except UpstreamUnreachable as error:
        url = connection.root + listing.NAME
        raise CannotCopy(
            f"the listing {url} could not be read to its end: {_why(error)}"
        ) from error


def fetch_files(
    upstream: ConnectedUpstream, sources: Sequence[RemoteArtifact], *, with_token: bool = False
) -> list[IncomingFile | RefusedFile]:
    """Fetch files, and return them in order; raises CannotCopy if one cannot be fetched now."""
    return upstream.run(_fetch_all(upstream.connection, sources, with_token))


async def _fetch_all(
    upstream: Connection, sources: Sequence[RemoteArtifact], with_token: bool
) -> list[IncomingFile | RefusedFile]:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_fetch(upstream, one, with_token)) for one in sources]
    except* RegistryError as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def _fetch(
    upstream: Connection, source: RemoteArtifact, with_token: bool
) -> IncomingFile | RefusedFile:
    try:
        file = await with_retries(
            lambda: _received(upstream, source, with_token),
            upstream.file_breaker,
            upstream.max_retries,
        )
    except OtherBytes as error:
        return RefusedFile(f"{source.url} is not the file that the index names: {error.what}")
    except UpstreamRefused as error:
        return RefusedFile(f"{source.url} could not be downloaded: {_why(error)}")
    except UpstreamUnreachable as error:
        raise CannotCopy(f"{source.url} could not be downloaded: {_why(error)}") from error
    await asyncio.to_thread(file.settle)
    return file


async def _received(upstream: Connection, source: RemoteArtifact, with_token: bool) -> IncomingFile:
    """Return the closed file in the working directory of the task, which is removed with it."""
    file = IncomingFile(os.getcwd())
    try:
        sent = upstream.answer(source.url, IDENTITY, kind=Kind.FILE, with_token=with_token)
        async with sent as response:
            upstream.require_ok(response)
            await _write(upstream.chunks(response), file, source, upstream.name)
    except BaseException:
        # Also when the task is cancelled.
        file.discard()
        raise
    file.file.close()
    return file


async def _write(
    chunks: AsyncIterator[bytes], file: IncomingFile, source: RemoteArtifact, upstream: str
) -> None:
    """Write a body to a file; raises OtherBytes if size or checksum differ from the index."""
    most = source.size or settings.CARGO_MAX_CRATE_BYTES
    async for chunk in chunks:
        file.write(chunk)
        if file.size > most:
            raise OtherBytes(upstream, f"it has more than {most} bytes")
    if source.size not in (None, file.size):
        raise OtherBytes(upstream, f"it has {file.size} bytes instead of {source.size}")
    if file.cksum != source.sha256:
        raise OtherBytes(upstream, f"its SHA-256 is {file.cksum} instead of {source.sha256}")


def _why(error: UpstreamUnreachable) -> str:
    """Return the reason for administrators, who may see more details than users of cargo."""
    return str(error.__cause__ or "") or error.what
