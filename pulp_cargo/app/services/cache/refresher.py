"""Requesting index files for the threads of a process without an event loop, within a timeout."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.runtime.background_loop import BackgroundLoop
from pulp_cargo.app.runtime.ttl_cache import TtlCache
from pulp_cargo.app.services.cache.cache import Cache
from pulp_cargo.app.services.cache.index_file import Current
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable

# Maximum number of requests of a process that wait for upstreams at once.
AT_ONCE = 2

# An index file by its remote and its lower-case name.
File = tuple[UUID, str]
# The file, None if the upstream has no such crate, or why it did not answer.
Answer = Current | UpstreamUnreachable | UpstreamIndexInvalid | TimeoutError | None


class FilesToRefresh(Protocol):
    """The files that a caller needs, some of which depend on answers for others."""

    def next_files(self) -> Mapping[File, UpstreamRemote]:
        """Return the files to request next, none at the end."""

    def take(self, file: File, answer: Answer) -> None:
        """Use the answer for a file."""


class Refresher:
    """Asks upstreams on the event loop of a process, for its threads.

    `cache` is used on the event loop only; its advisories can be read in any thread.
    """

    def __init__(self, loop: BackgroundLoop, cache: Cache) -> None:
        self.cache = cache
        self._loop = loop
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        # Upstreams that took too long a moment ago.
        self._slow: TtlCache[UUID, bool] = TtlCache(1_000)

    def refresh(self, files: FilesToRefresh, *, timeout: float) -> None:
        """Revalidate index files, as far as their upstreams answer."""
        self._loop.start(self._refresh(files, timeout)).result()

    def refresh_in_request(self, files: FilesToRefresh) -> None:
        """Do the same within the timeout of a request."""
        if not self._turns.acquire(blocking=False):
            self.refresh(files, timeout=timeouts.LOCK_FILE_QUICK_TIMEOUT_SECONDS)
            return
        try:
            self.refresh(files, timeout=timeouts.LOCK_FILE_REQUEST_TIMEOUT_SECONDS)
        finally:
            self._turns.release()

    async def _refresh(self, files: FilesToRefresh, timeout: float) -> None:
        deadline = asyncio.get_running_loop().time() + timeout
        while wanted := files.next_files():
            async with asyncio.TaskGroup() as group:
                for file, remote in wanted.items():
                    group.create_task(self._request(files, file, remote, deadline))
        try:
            async with asyncio.timeout(max(1, timeout)):
                await self.cache.index_store.written()
        except TimeoutError:
            # They are written soon, and the caller has them in memory.
            return

    async def _request(
        self, files: FilesToRefresh, file: File, remote: UpstreamRemote, deadline: float
    ) -> None:
        answer: Answer
        is_slow = self._slow.get(remote.pk)
        if is_slow:
            deadline = min(
                deadline,
                asyncio.get_running_loop().time() + timeouts.LOCK_FILE_QUICK_TIMEOUT_SECONDS,
            )
        try:
            async with asyncio.timeout_at(deadline):
                answer = await self.cache.index_files.current(remote, file[1])
        except (UpstreamUnreachable, UpstreamIndexInvalid) as error:
            answer = error
        except TimeoutError as error:
            answer = error
            if not is_slow:
                self._slow.put(remote.pk, True, timeouts.LOCK_FILE_SLOW_SECONDS)
        files.take(file, answer)
