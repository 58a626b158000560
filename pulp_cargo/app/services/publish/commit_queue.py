"""Bringing the changes together that wait for one repository.

While one commit of a repository is under way in this process, further changes to it queue up, and
the next commit takes all of them: thirty publishes at once cost two or three versions.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from pulpcore.plugin.models import Domain

from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import spawn
from pulp_cargo.app.runtime.write_behind import Limits, WriteBehind, WriteLater
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.publish.commit import (
    Change,
    Committed,
    Result,
    clean_up,
    commit_together,
)
from pulp_cargo.protocol.unavailable import RepositoryBusy

# A repository, and its domain.
Store = tuple[UUID, Domain]

# The maximum of changes in one version, so that the first of them does not wait too long, and of those
# that wait; each may have a file open. A repository that a long task has locked takes a quarter of the
# room at most. None waits for others to come.
LIMITS = Limits(batch_size=64, max_waiting=4096, max_waiting_per_group=1024)
# A clean-up of old versions takes so many at once.
TRIM_EVERY = 50


@dataclass(slots=True, eq=False)
class Waiting:
    """A change in the queue of its repository, and where its verdict goes."""

    change: Change
    verdict: asyncio.Future[Committed | None]
    until: float


class CommitQueue:
    """The changes that wait in a process; whoever brings one waits for its verdict."""

    def __init__(self) -> None:
        # How often this process found a repository busy.
        self.busy_waits = 0
        self._queue: WriteBehind[Store, Waiting, Waiting] = WriteBehind(
            self._commit, on_failure=_fail, limits=LIMITS
        )

    async def submit(
        self, repository: UUID, domain: Domain, change: Change, file: IncomingFile | None = None
    ) -> Committed | None:
        """Commit a change and return the version made, None when nothing changed.

        The file of the change is held until the verdict, also when whoever waits for it gives up: a
        commit may be under way. Raises the RegistryError that the change met; RepositoryBusy when a
        task kept the repository, or too many changes wait.
        """
        verdict: asyncio.Future[Committed | None] = asyncio.get_running_loop().create_future()
        waiting = Waiting(change, verdict, time.monotonic() + settings.CARGO_BUSY_SECONDS)
        if not self._queue.put((repository, domain), waiting, waiting):
            raise RepositoryBusy
        if file is not None:
            file.acquire()
            verdict.add_done_callback(lambda _: file.release())
        return await asyncio.shield(verdict)

    async def close(self) -> None:
        """Commit what waits, as the process ends; whoever waits for a busy repository is refused."""
        await self._queue.drain(timeouts.COMMIT_DRAIN_SECONDS)

    async def _commit(self, store: Store, batch: Sequence[Waiting]) -> None:
        repository, domain = store
        changes = [one.change for one in batch]
        try:
            result = await threads.write(commit_together, repository, domain, changes)
        except RepositoryBusy as error:
            self.busy_waits += 1
            self._give_up(store, error)
            raise WriteLater(timeouts.COMMIT_BUSY_PAUSE_SECONDS) from error
        _answer(batch, result)
        clean_up_after(repository, result)

    def _give_up(self, store: Store, error: RepositoryBusy) -> None:
        """Refuse what has waited too long for a busy repository."""
        now = time.monotonic()
        for one in self._queue.items(store):
            if one.until <= now or self._queue.is_closing:
                self._queue.discard(store, one)
                _settle(one, error)


def _answer(batch: Sequence[Waiting], result: Result) -> None:
    for one, refusal in zip(batch, result.refusals, strict=True):
        _settle(one, refusal or result.made)


def _fail(_: Store, batch: Sequence[Waiting], error: Exception) -> None:
    for one in batch:
        _settle(one, error)


def _settle(one: Waiting, outcome: Committed | BaseException | None) -> None:
    if one.verdict.done():
        return
    if isinstance(outcome, BaseException):
        one.verdict.set_exception(outcome)
    else:
        one.verdict.set_result(outcome)


def clean_up_after(repository: UUID, result: Result) -> None:
    """Start a clean-up of old versions in the background, once per so many versions."""
    if result.made is not None and result.made.number % TRIM_EVERY == 0:
        spawn(
            threads.write(clean_up, repository),
            failure="The old versions of a repository were not cleaned up",
        )


# That of this process.
commit_queue = CommitQueue()
submit = commit_queue.submit
