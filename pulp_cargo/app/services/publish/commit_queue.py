"""Bringing the changes together that wait for one repository.

While one commit of a repository is under way in this process, further changes to it queue up, and
the next commit takes all of them: thirty publishes at once cost two or three versions.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from pulpcore.plugin.models import Domain

from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.publish.commit import (
    Change,
    Committed,
    Result,
    clean_up,
    commit_together,
)
from pulp_cargo.protocol.unavailable import RepositoryBusy

# How many changes one version takes at most, so that the first of them does not wait too long.
MOST_AT_ONCE = 64
# How long to wait between two looks at a repository that a task holds, in seconds.
BUSY_PAUSE = 0.1
# How long a process that ends takes for what waits, in seconds: an attempt at a busy repository
# takes two.
LAST_SECONDS = 5
# A clean-up of old versions takes so many at once.
TRIM_EVERY = 50


@dataclass(slots=True)
class Waiting:
    """A change in the queue of its repository, and where its verdict goes."""

    change: Change
    verdict: asyncio.Future[Committed | None]
    until: float


@dataclass(slots=True)
class Queue:
    """The changes to one repository that wait in this process."""

    waiting: list[Waiting] = field(default_factory=list)
    runner: asyncio.Task[None] | None = None


_queues: dict[UUID, Queue] = {}
# How often this process found a repository busy.
busy_waits = 0
_cleanups: set[asyncio.Task[None]] = set()
_is_ending = False


async def submit(
    repository: UUID, domain: Domain, change: Change, file: IncomingFile | None = None
) -> Committed | None:
    """Commit a change and return the version made, None when nothing changed.

    The file of the change is held until the verdict, also when whoever waits for it gives up: a
    commit may be under way. Raises the RegistryError that the change met; RepositoryBusy when a task
    kept the repository.
    """
    loop = asyncio.get_running_loop()
    queue = _queues.setdefault(repository, Queue())
    waiting = Waiting(change, loop.create_future(), time.monotonic() + settings.CARGO_BUSY_SECONDS)
    if file is not None:
        file.acquire()
        waiting.verdict.add_done_callback(lambda _: file.release())
    queue.waiting.append(waiting)
    if queue.runner is None:
        queue.runner = loop.create_task(_run(repository, domain, queue))
    return await asyncio.shield(waiting.verdict)


async def finish() -> None:
    """Commit what waits, when the process ends; whoever waits for a busy repository is refused."""
    global _is_ending
    _is_ending = True
    runners = [queue.runner for queue in _queues.values() if queue.runner is not None]
    if runners:
        await asyncio.wait(runners, timeout=LAST_SECONDS)


async def _run(repository: UUID, domain: Domain, queue: Queue) -> None:
    """Commit what waits until nothing does."""
    global busy_waits
    try:
        while queue.waiting:
            batch = queue.waiting[:MOST_AT_ONCE]
            changes = [one.change for one in batch]
            try:
                result = await threads.write(commit_together, repository, domain, changes)
            except RepositoryBusy as error:
                busy_waits += 1
                _give_up(queue, error)
                await asyncio.sleep(BUSY_PAUSE)
                continue
            except Exception as error:
                result = Result(None, [error] * len(batch))
            del queue.waiting[: len(batch)]
            _answer(batch, result)
            clean_up_after(repository, result)
    finally:
        queue.runner = None
        if not queue.waiting:
            _queues.pop(repository, None)


def _give_up(queue: Queue, error: RepositoryBusy) -> None:
    """Refuse what has waited too long for a busy repository."""
    now = time.monotonic()
    for one in [one for one in queue.waiting if one.until <= now or _is_ending]:
        queue.waiting.remove(one)
        _settle(one, error)


def _answer(batch: Sequence[Waiting], result: Result) -> None:
    for one, refusal in zip(batch, result.refusals, strict=True):
        _settle(one, refusal or result.made)


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
        task = asyncio.get_running_loop().create_task(threads.write(clean_up, repository))
        _cleanups.add(task)
        task.add_done_callback(_cleanups.discard)
