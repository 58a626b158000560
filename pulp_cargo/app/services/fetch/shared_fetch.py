"""Fetching each .crate file once for all clients that request it, who read it while it arrives.

The bytes go to a temporary file from which clients read while it grows, so memory use depends
neither on the size of the crate nor on the number of clients. The end of a file is withheld until
its checksum is verified: a corrupt file is never delivered completely. A response from another host
than the upstream's own is withheld completely, since it may be no crate, and confidential.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, nullcontext

from aiohttp import ClientResponse
from django.conf import settings

from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.services.crates import crate_unit
from pulp_cargo.app.services.crates.crate_reader import CrateReaders
from pulp_cargo.app.services.crates.incoming_file import FileMemory, IncomingFile
from pulp_cargo.app.upstream.client import UpstreamClients
from pulp_cargo.app.upstream.events import Event, note
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.unavailable import (
    ServiceUnavailable,
    StorageFull,
    UpstreamFailed,
    UpstreamUnreachable,
)

log = logging.getLogger(__name__)

# Bytes are hashed, written and read in chunks of this size.
CHUNK_BYTES = 256 * 1024
# Number of bytes that are withheld until the checksum of the whole file is verified.
WITHHELD_BYTES = 1024
ALL = sys.maxsize

# A remote, and the name, version and checksum of a file.
Key = tuple[object, ...]


class SharedFetch:
    """A running or complete fetch; its file is removed when its last lease is released.

    `free` is called with it then. A file for which the disk has no room continues in `memory`.
    """

    def __init__(
        self,
        name: str,
        vers: str,
        cksum: str,
        memory: FileMemory,
        free: "Callable[[SharedFetch], None]",
    ) -> None:
        self.name, self.vers, self.cksum = name, vers, cksum
        self.file: IncomingFile | None = None
        self.size: int | None = None
        self.error: Exception | None = None
        self.is_complete = False
        self._readable = 0
        self._leases = 0
        self._memory, self._free = memory, free
        self._news = asyncio.Event()

    async def run(self, clients: UpstreamClients, remote: UpstreamRemote) -> None:
        """Fetch the file; an error is stored, and raised to the clients that wait for the file."""
        try:
            async with (
                clients.in_use(remote) as client,
                client.crate_file(self.name, self.vers, self.cksum) as response,
            ):
                # A redirect to another host may lead to a service in our own network.
                withheld = WITHHELD_BYTES if client.connection.is_own(response) else ALL
                await self._receive(response, client.connection.chunks(response), withheld)
            if self.file is None or self.file.cksum != self.cksum:
                note(Event.CHECKSUM)
                raise self._failure("the file has another checksum than its index")
            if self.size not in (None, self.file.size):
                raise self._failure("what it sent has another length than it announced")
            self.size, self._readable, self.is_complete = self.file.size, self.file.size, True
        except Exception as error:
            # Any error: clients wait for the file, and would otherwise never learn that it failed.
            if not isinstance(error, UpstreamFailed):
                note(Event.CUT_OFF if self.file and self.file.size else Event.UNREACHABLE)
            detail = getattr(error, "detail", "")
            log.warning("No file of `%s %s`: %s (%s)", self.name, self.vers, error, detail)
            self.error = self._for_clients(error)
        finally:
            self._notify()

    async def begun(self) -> int:
        """Wait until the file is complete or enough of it is here to start sending; return its size.

        Raises the error of a failed fetch.
        """
        while self.error is None:
            if self.size is not None and (self.is_complete or self._readable > CHUNK_BYTES):
                return self.size
            await self._wait()
        raise self.error

    async def ended(self) -> None:
        """Wait for the whole file; raises the error of a failed fetch."""
        while not self.is_complete and self.error is None:
            await self._wait()
        if self.error is not None:
            raise self.error

    async def read(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` to `stop` as they arrive; raises the error of a failed fetch."""
        at = start
        while at < stop:
            if self.file is not None and self._readable > at:
                most = min(CHUNK_BYTES, self._readable - at, stop - at)
                chunk = await threads.read_file(os.pread, self.file.file.fileno(), most, at)
                at += len(chunk)
                yield chunk
            elif self.error is not None or self.is_complete:
                raise self.error or self._failure("it is shorter than announced")
            else:
                await self._wait()

    @property
    def is_in_memory(self) -> bool:
        """Whether the file is in memory, because the disk had no room for it."""
        return self.file is not None and self.file.is_in_memory

    @property
    def whole(self) -> IncomingFile:
        """The file of a complete fetch; raises UpstreamFailed if not even its first bytes came."""
        if self.file is None:
            raise self._failure("it has sent nothing")
        return self.file

    def license(self, readers: CrateReaders) -> str | None:
        """Return the licence in the manifest of a complete file, None if it names none.

        Raises ServiceUnavailable if the file cannot be read just now.
        """
        try:
            # Meanwhile the file may be moved to the storage.
            found = readers.read_upstream(
                self.whole.path_of_handle,
                name=self.name,
                vers=self.vers,
                limits=crate_unit.limits(),
            )
        except ServiceUnavailable:
            raise
        except RegistryError:
            return None
        if found.manifest is not None:
            return found.manifest.license
        license = (found.package or {}).get("license")
        return license if isinstance(license, str) else None

    def acquire(self) -> None:
        """Lease the file, until `release`."""
        self._leases += 1

    def release(self) -> None:
        """Return a lease; the last one removes the file."""
        self._leases -= 1
        if not self._leases:
            self._free(self)
            if self.file is not None:
                self.file.discard()

    @contextmanager
    def leased(self) -> Iterator[None]:
        """Lease the file until the block ends."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    async def _receive(
        self, response: ClientResponse, chunks: AsyncIterator[bytes], withheld: int
    ) -> None:
        limit = settings.CARGO_MAX_CRATE_BYTES
        if response.headers.get("Content-Encoding", "identity") != "identity":
            # Its length would not be that of the file.
            raise self._failure("the file has a content encoding")
        size = response.content_length
        if size is not None and size > limit:
            raise self._failure(f"it has {size} bytes, but this registry accepts at most {limit}")
        # Clients get a Content-Length only if the upstream sent one.
        self.size = size
        received = 0
        async for chunk in _rechunked(chunks):
            received += len(chunk)
            if received > limit:
                raise self._failure(f"it has more than the {limit} bytes that this registry takes")
            self.file = await threads.work(_written, self.file, chunk, self._memory)
            self._readable = max(0, received - withheld)
            self._notify()

    def _for_clients(self, error: Exception) -> RegistryError:
        """Return the error for clients: it names the file, and no addresses."""
        if isinstance(error, UpstreamUnreachable):
            return self._failure(error.what)
        return (
            error if isinstance(error, RegistryError) else self._failure("the file is incomplete")
        )

    def _failure(self, what: str) -> UpstreamFailed:
        return UpstreamFailed(self.name, self.vers, what)

    def _notify(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _wait(self) -> None:
        await self._news.wait()


class SharedFetches:
    """The fetches of a process that are running, or whose files are being stored."""

    def __init__(self, clients: UpstreamClients, background: BackgroundTasks) -> None:
        self._clients, self._background = clients, background
        self._memory = FileMemory()
        self._fetches: dict[Key, SharedFetch] = {}

    def fetch(
        self,
        remote: UpstreamRemote,
        name: str,
        vers: str,
        cksum: str,
        done: Callable[[SharedFetch], object] | None,
    ) -> SharedFetch:
        """Return the running fetch of a file, or start one; lease it at once.

        `done` is called with a new fetch when its file is complete and verified.
        """
        key = remote.identity, name, vers, cksum
        found = self._fetches.get(key)
        if found is None:
            found = SharedFetch(
                name, vers, cksum, self._memory, lambda gone: self._forget(key, gone)
            )
            self._fetches[key] = found
            self._background.spawn(
                self._run(key, found, remote, done),
                failure=f"The file of `{name} {vers}` was downloaded, but is not stored",
                wait_at_exit=False,
            )
        return found

    @contextmanager
    def leased_if_running(
        self, remote: UpstreamRemote, name: str, vers: str, cksum: str
    ) -> Iterator[None]:
        """Lease a fetch that is running or being stored, if there is one, until the block ends.

        So a caller that queries the database meanwhile finds the file there, or still here.
        """
        found = self._fetches.get((remote.identity, name, vers, cksum))
        with nullcontext() if found is None else found.leased():
            yield

    async def _run(
        self,
        key: Key,
        found: SharedFetch,
        remote: UpstreamRemote,
        done: Callable[[SharedFetch], object] | None,
    ) -> None:
        with found.leased():
            await found.run(self._clients, remote)
            if found.error is not None:
                # The next request tries again.
                self._forget(key, found)
            elif done is not None:
                done(found)

    def _forget(self, key: Key, gone: SharedFetch) -> None:
        if self._fetches.get(key) is gone:
            del self._fetches[key]


async def _rechunked(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the same bytes in chunks of CHUNK_BYTES or a little more."""
    gathered = bytearray()
    async for chunk in chunks:
        gathered += chunk
        if len(gathered) >= CHUNK_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def _written(file: IncomingFile | None, chunk: bytes, memory: FileMemory) -> IncomingFile:
    """Append to a file, which is created for its first bytes."""
    if file is not None:
        _append(file, chunk, memory)
        return file
    new = _new_file(memory)
    try:
        _append(new, chunk, memory)
    except BaseException:
        # Nobody else has the file yet.
        new.discard()
        raise
    return new


def _new_file(memory: FileMemory) -> IncomingFile:
    try:
        return IncomingFile()
    except StorageFull:
        return IncomingFile(memory=memory)


def _append(file: IncomingFile, chunk: bytes, memory: FileMemory) -> None:
    """Append bytes; on a full disk the file continues in memory, so that clients still get it."""
    try:
        file.write(chunk)
    except StorageFull:
        if file.is_in_memory:
            raise
        log.warning("The disk is full: a file of an upstream is buffered in memory and not stored.")
        file.move_to_memory(memory)
        file.write(chunk)
