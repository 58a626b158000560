"""The requests of a sync to its upstream: for the listing, and for files.

They use the same connections as caches, on the background event loop, since a task has none of its
own. A registry of Pulp has its files below its own URL, so config.json is not needed. On-demand
files are fetched later with core's downloader, since core streams and stores them.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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
# After so many files that could not be fetched, it is found out whether there is an outage.
SIGNS_OF_OUTAGE = 10


class OtherBytes(UpstreamUnreachable):
    """A fetched file has another size or checksum than in the index; a retry may succeed."""


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that the upstream does not send, or that is another than the index names."""

    reason: str


@dataclass(frozen=True, slots=True)
class ConnectedUpstream:
    """A connection to the upstream of a sync, and the event loop on which it is used.

    `sent` is a file of each host, by its origin, that the host has sent, in this sync or before.
    """

    client: Client
    loop: BackgroundLoop
    sent: dict[URL, RemoteArtifact] = field(default_factory=dict)

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


def note_sent(upstream: ConnectedUpstream, sources: Iterable[RemoteArtifact]) -> None:
    """Note files that the upstream has sent before, to find out later whether it is available."""
    upstream.sent.update((_origin(one), one) for one in sources)


def fetch_files(
    upstream: ConnectedUpstream, sources: Sequence[RemoteArtifact], *, with_token: bool = False
) -> list[IncomingFile | RefusedFile]:
    """Fetch files, and return them in order; raises CannotCopy if their host is not available.

    A file that cannot be fetched is refused if its host sends another one meanwhile.
    """
    return upstream.run(_fetch_all(upstream, sources, with_token))


async def _fetch_all(
    upstream: ConnectedUpstream, sources: Sequence[RemoteArtifact], with_token: bool
) -> list[IncomingFile | RefusedFile]:
    failed = _FailedFiles(upstream, with_token)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_fetch(upstream, one, failed, with_token)) for one in sources
            ]
    except* RegistryError as errors:
        raise errors.exceptions[0] from None
    await failed.require_available()
    return [task.result() for task in tasks]


async def _fetch(
    upstream: ConnectedUpstream, source: RemoteArtifact, failed: "_FailedFiles", with_token: bool
) -> IncomingFile | RefusedFile:
    connection = upstream.connection
    try:
        file = await with_retries(
            lambda: _received(connection, source, with_token),
            connection.file_breaker,
            connection.max_retries,
        )
    except OtherBytes as error:
        return RefusedFile(f"{source.url} is not the file that the index names: {error.what}")
    except UpstreamRefused as error:
        return RefusedFile(f"{source.url} could not be downloaded: {_why(error)}")
    except UpstreamUnreachable as error:
        reason = f"{source.url} could not be downloaded: {_why(error)}"
        await failed.add(_origin(source), reason)
        return RefusedFile(reason)
    upstream.sent[_origin(source)] = source
    await asyncio.to_thread(file.settle)
    return file


class _FailedFiles:
    """The files that could not be fetched: an outage must not leave out files, but one file may fail."""

    def __init__(self, upstream: ConnectedUpstream, with_token: bool) -> None:
        self._upstream, self._with_token = upstream, with_token
        # The reason of the first one of each host.
        self._reasons: dict[URL, str] = {}
        self._count = 0

    async def add(self, origin: URL, reason: str) -> None:
        """Note a file; raises CannotCopy if it is one of many that an outage explains."""
        self._reasons.setdefault(origin, reason)
        self._count += 1
        if self._count % SIGNS_OF_OUTAGE == 0:
            await self.require_available()

    async def require_available(self) -> None:
        """Raise CannotCopy unless the host of each file sends, or refuses, one that it sent before."""
        for origin, reason in list(self._reasons.items()):
            if not await self._is_available(origin):
                raise CannotCopy(reason)

    async def _is_available(self, origin: URL) -> bool:
        known = self._upstream.sent.get(origin)
        if known is None:
            return False
        connection = self._upstream.connection
        try:
            await with_retries(
                lambda: _drain(connection, known, self._with_token),
                connection.file_breaker,
                connection.max_retries,
            )
        except UpstreamRefused:
            return True
        except UpstreamUnreachable:
            return False
        return True


async def _drain(upstream: Connection, source: RemoteArtifact, with_token: bool) -> None:
    """Receive a file to its end, and drop it."""
    sent = upstream.answer(source.url, IDENTITY, kind=Kind.FILE, with_token=with_token)
    async with sent as response:
        upstream.require_ok(response)
        async for _ in upstream.chunks(response):
            pass


def _origin(source: RemoteArtifact) -> URL:
    """Return the scheme, host and port of a file."""
    return URL(source.url).origin()


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
