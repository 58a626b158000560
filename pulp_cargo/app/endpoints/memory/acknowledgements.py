"""Which version of a repository each content process has acknowledged.

PostgreSQL sends a message to all processes at once, but each processes it in its own time, and after
a successful publish a client must find the version in whichever process it asks next. So each process
acknowledges the message, and the one that made the version waits for the others.
"""

import asyncio
import time
from collections import OrderedDict, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.services.publish.commit import Committed


@dataclass(frozen=True, slots=True)
class Waiter:
    """A request that waits until every process has acknowledged a version."""

    committed: Committed
    done: asyncio.Future[None]


class Acknowledgements:
    """The acknowledgements of all processes, identified by their listening connections."""

    def __init__(self) -> None:
        # The PostgreSQL process id of our own listening connection, 0 while there is none.
        self.own_connection = 0
        # The newest number by repository and connection, with its time; the oldest is first.
        self._heard: OrderedDict[tuple[UUID, int], tuple[int, float]] = OrderedDict()
        self._waiters: defaultdict[UUID, list[Waiter]] = defaultdict(list)

    async def wait_until_all_processes_know(self, committed: Committed | None) -> None:
        """Wait until every listening process has acknowledged a new version, if one was made."""
        if committed is None or not self.own_connection or self._has_reached(committed):
            return
        waiter = Waiter(committed, asyncio.get_running_loop().create_future())
        self._waiters[committed.repository].append(waiter)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(waiter.done, timeouts.ACKNOWLEDGEMENT_TIMEOUT_SECONDS)
        finally:
            self._forget_waiter(waiter)

    def note(self, repository: UUID, number: int, connection: int) -> None:
        """Record an acknowledgement, and wake the requests that waited for it."""
        now = time.monotonic()
        newest = max(number, self._newest(repository, connection))
        self._heard[repository, connection] = newest, now
        self._heard.move_to_end((repository, connection))
        self._forget_old(now)
        for waiter in self._waiters.get(repository, ()):
            if not waiter.done.done() and self._has_reached(waiter.committed):
                waiter.done.set_result(None)

    def stop(self) -> None:
        """Wake all waiting requests: without a listening connection, no acknowledgements arrive."""
        self.own_connection = 0
        self._heard.clear()
        for waiter in chain.from_iterable(self._waiters.values()):
            if not waiter.done.done():
                waiter.done.set_result(None)
        self._waiters.clear()

    def _has_reached(self, committed: Committed) -> bool:
        return all(
            self._newest(committed.repository, one) >= committed.number
            for one in committed.listeners
        )

    def _newest(self, repository: UUID, connection: int) -> int:
        number, _ = self._heard.get((repository, connection), (-1, 0.0))
        return number

    def _forget_old(self, now: float) -> None:
        """Drop old acknowledgements, so that deleted repositories and ended processes leave none."""
        while self._heard:
            key, (_, came) = next(iter(self._heard.items()))
            if now - came < timeouts.ACKNOWLEDGEMENT_MEMORY_SECONDS:
                return
            del self._heard[key]

    def _forget_waiter(self, waiter: Waiter) -> None:
        repository = waiter.committed.repository
        others = [one for one in self._waiters.pop(repository, []) if one is not waiter]
        if others:
            self._waiters[repository] = others
