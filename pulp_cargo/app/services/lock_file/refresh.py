"""Requesting the index files that the packages of a lock file need from upstreams."""

import asyncio
import threading
from collections.abc import Collection, Iterator
from uuid import UUID

from pulp_cargo.app.queries.lock_file import File
from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.runtime.background_loop import BackgroundLoop
from pulp_cargo.app.runtime.ttl_cache import TtlCache
from pulp_cargo.app.services.cache.cache import Cache
from pulp_cargo.app.services.lock_file.lookup import Lookup
from pulp_cargo.app.services.lock_file.upstreams import FromRemote
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable
from pulp_cargo.rules.resolution import Ask, CrateState, who_has

# Maximum number of requests of a process that wait for upstreams at once.
AT_ONCE = 2


class Refresher:
    """Asks upstreams from the threads of a process without an event loop.

    `cache` is used on the event loop only; its advisories can be read in any thread.
    """

    def __init__(self, loop: BackgroundLoop, cache: Cache) -> None:
        self.cache = cache
        self._loop = loop
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        # Upstreams that took too long a moment ago.
        self._slow: TtlCache[UUID, bool] = TtlCache(1_000)

    def refresh(self, lookup: Lookup, names: Collection[str], *, timeout: float) -> None:
        """Revalidate the index files of crates, as far as their upstreams answer.

        This takes rounds: the next upstream in order is asked only if the one before does not have
        the crate, and none at all for a claimed name.
        """
        self._loop.start(self._refresh(lookup, sorted(names), timeout)).result()

    def refresh_in_request(self, lookup: Lookup, names: Collection[str]) -> None:
        """Do the same within the timeout of a request; upstreams that did not answer are noted."""
        if not self._turns.acquire(blocking=False):
            self.refresh(lookup, names, timeout=timeouts.LOCK_FILE_QUICK_TIMEOUT_SECONDS)
            return
        try:
            self.refresh(lookup, names, timeout=timeouts.LOCK_FILE_REQUEST_TIMEOUT_SECONDS)
        finally:
            self._turns.release()

    async def _refresh(self, lookup: Lookup, names: Collection[str], timeout: float) -> None:
        deadline = asyncio.get_running_loop().time() + timeout
        asked: set[File] = set()
        while wanted := dict(_next(lookup, names, asked)):
            async with asyncio.TaskGroup() as group:
                for file, place in wanted.items():
                    group.create_task(self._ask(lookup, place, file, deadline))
            asked |= wanted.keys()
        try:
            async with asyncio.timeout(max(1, timeout)):
                await self.cache.index_store.written()
        except TimeoutError:
            # They are written soon, and this lookup has them in memory.
            return

    async def _ask(self, lookup: Lookup, place: FromRemote, file: File, deadline: float) -> None:
        is_slow = self._slow.get(place.upstream.remote.pk)
        if is_slow:
            deadline = min(
                deadline,
                asyncio.get_running_loop().time() + timeouts.LOCK_FILE_QUICK_TIMEOUT_SECONDS,
            )
        try:
            async with asyncio.timeout_at(deadline):
                current = await self.cache.index_files.current(place.upstream.remote, file[1])
        except (UpstreamUnreachable, UpstreamIndexInvalid) as error:
            lookup.indexes.note_fault(file, str(error))
        except TimeoutError:
            if not is_slow:
                self._slow.keep(place.upstream.remote.pk, True, timeouts.LOCK_FILE_SLOW_SECONDS)
            lookup.indexes.note_silence(
                file, f"`{place.upstream.name}` takes too long to answer; try again"
            )
        else:
            is_old = current is not None and current.age is not None
            lookup.indexes.take(file, current.copy if current else None, is_old=is_old)


def _next(
    lookup: Lookup, names: Collection[str], asked: Collection[File]
) -> Iterator[tuple[File, FromRemote]]:
    """Yield the files to request next, by what is known so far."""
    for name in names:
        answer = lookup.answer(name)
        states: dict[str, CrateState] = {}
        for place in lookup.asked(answer):
            is_new = isinstance(place, FromRemote) and place.file(name) not in asked
            if not is_new and (state := place.state(name)) is not None:
                states[place.upstream.name] = state
        step = who_has(answer, states)
        for upstream in step.upstreams if isinstance(step, Ask) else ():
            place = lookup.places[upstream]
            if isinstance(place, FromRemote) and place.file(name) not in asked:
                yield place.file(name), place
