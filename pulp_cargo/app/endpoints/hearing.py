"""Which version of a repository each content process has heard of.

PostgreSQL tells them all at once, but each gets to it in its own time; a client that was told of a
publish must find it whichever process it asks next. So each says when it has heard, and the one
that made the version waits for that.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from pulp_cargo.app.services.commit import Committed

# How long to wait at most for a process that does not answer, in seconds.
PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Waiter:
    """Somebody who waits until a new version is known everywhere."""

    committed: Committed
    done: asyncio.Future[None]


class Hearing:
    """What this process knows of the others; processes go by their listening connections."""

    def __init__(self) -> None:
        # The id of our own connection's PostgreSQL process, 0 while there is none.
        self.own_connection = 0
        self._heard: defaultdict[UUID, dict[int, int]] = defaultdict(dict)
        self._waiters: defaultdict[UUID, list[Waiter]] = defaultdict(list)

    async def reach(self, committed: Committed | None) -> None:
        """Wait until every process that listens has heard of a new version, if one was made."""
        if committed is None or not self.own_connection or self._has_reached(committed):
            return
        waiter = Waiter(committed, asyncio.get_running_loop().create_future())
        self._waiters[committed.repository].append(waiter)
        with suppress(TimeoutError):
            await asyncio.wait_for(waiter.done, PATIENCE)

    def is_awaited(self, repository: UUID, number: int) -> bool:
        """Whether this process made a version and waits for the others to hear of it."""
        waiters = self._waiters.get(repository, ())
        return any(waiter.committed.number == number for waiter in waiters)

    def note(self, repository: UUID, number: int, connection: int) -> None:
        """Note that a process has heard of a version, and let those go on who waited for it."""
        heard = self._heard[repository]
        heard[connection] = max(number, heard.get(connection, -1))
        for waiter in self._waiters.pop(repository, []):
            if waiter.done.done():
                continue
            if self._has_reached(waiter.committed):
                waiter.done.set_result(None)
            else:
                self._waiters[repository].append(waiter)

    def stop(self) -> None:
        """Let everybody go on: without a connection of our own nothing is heard."""
        self.own_connection = 0
        self._heard.clear()
        for waiter in chain.from_iterable(self._waiters.values()):
            if not waiter.done.done():
                waiter.done.set_result(None)
        self._waiters.clear()

    def _has_reached(self, committed: Committed) -> bool:
        # Connections that are gone are forgotten on the way.
        heard = self._heard[committed.repository]
        for gone in heard.keys() - committed.listeners - {self.own_connection}:
            del heard[gone]
        return all(heard.get(one, -1) >= committed.number for one in committed.listeners)
