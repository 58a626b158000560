"""A queue for each repository that combines waiting changes into one commit.

Changes that arrive during a commit in this process are queued, and the next commit takes all of
them: thirty simultaneous publishes create two or three versions.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from pulpcore.plugin.models import Domain

from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
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

# Maximum number of changes in a version, since the first waits for the last, and of waiting ones,
# each of which may have an open file. A repository that a long task has locked takes a quarter of
# the room at most.
LIMITS = Limits(batch_size=64, max_waiting=4096, max_waiting_per_group=1024)
# Old versions are cleaned up whenever so many new ones were created.
TRIM_EVERY = 50


@dataclass(slots=True, eq=False)
class Waiting:
    """A change in the queue of its repository, and the future for its result."""

    change: Change
    verdict: asyncio.Future[Committed | None]
    until: float


class CommitQueue:
    """The queues of a process; `submit` waits for the result of a change."""

    def __init__(self, background: BackgroundTasks) -> None:
        self._background = background
        # Number of commits in this process that found a repository busy.
        self.busy_waits = 0
        # Number of publishes to a repository that are being examined.
        self._expected: Counter[UUID] = Counter()
        self._examined = asyncio.Event()
        self._queue: WriteBehind[Store, Waiting, Waiting] = WriteBehind(
            self._commit,
            background=background,
            on_failure=_fail,
            limits=LIMITS,
            until_gathered=self._until_examined,
        )

    @contextmanager
    def expecting(self, repository: UUID) -> Iterator[None]:
        """Let a commit wait for a change that is examined in the context, but not for long."""
        self._expected[repository] += 1
        try:
            yield
        finally:
            self._expected[repository] -= 1
            if not self._expected[repository]:
                del self._expected[repository]
                self._examined.set()

    async def _until_examined(self, store: Store) -> None:
        """Wait for the publishes that are being examined; without others, a commit begins at once.

        A commit costs nearly as much for one change as for thirty, and delays the examinations: if
        each began at once, thirty clients would get a commit each, and half of the rate.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeouts.COMMIT_GATHER_SECONDS):
                while self._expected[store[0]]:
                    self._examined.clear()
                    await self._examined.wait()

    async def submit(
        self, repository: UUID, domain: Domain, change: Change, file: IncomingFile | None = None
    ) -> Committed | None:
        """Commit a change and return the new version, None if nothing changed.

        The file of the change is leased until there is a result, even if the caller is cancelled,
        since a commit may be in progress. Raises the RegistryError for which the change is refused,
        and RepositoryBusy if a task has locked the repository or too many changes wait.
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
        """Commit waiting changes when the process ends; refuse those for a busy repository."""
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
        clean_up_after(self._background, repository, result)

    def _give_up(self, store: Store, error: RepositoryBusy) -> None:
        """Refuse changes that have waited too long for a busy repository."""
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


def is_clean_up_due(made: Committed) -> bool:
    """Whether old versions are to be removed after a commit."""
    return made.number % TRIM_EVERY == 0


def clean_up_after(background: BackgroundTasks, repository: UUID, result: Result) -> None:
    """Start a clean-up of old versions in the background, once in `TRIM_EVERY` versions."""
    if result.made is not None and is_clean_up_due(result.made):
        background.spawn(
            # Not in a thread of the commits: each of these has a connection, and the next publish would
            # use another one, whose statements may not be prepared.
            threads.write_slowly(clean_up, repository),
            failure="Old versions of a repository could not be removed",
        )
