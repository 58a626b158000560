"""Keeping what came through a cache: stored, and joined to the repository many at a time.

A `cargo fetch` brings hundreds of crates within seconds, and a repository version for each would be
in nobody's interest. So they wait for each other a little; what a crash loses is fetched again.
"""

import asyncio
import logging
import resource
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from pulpcore.plugin.models import Domain

from pulp_cargo.app.runtime import free_space, threads
from pulp_cargo.app.services.downloads.persist_changes import (
    DownloadedCrate,
    LinkStoredUnit,
    adopted,
    join,
    read,
)
from pulp_cargo.app.services.publish.commit import Change
from pulp_cargo.app.services.publish.commit_queue import clean_up_after
from pulp_cargo.app.upstream.events import Event, note

log = logging.getLogger(__name__)

# Joined when nothing has come for so long, or the first has waited for so long, in seconds: reading
# the files takes time from who still fetches.
QUIET, LONGEST = 1.0, 60.0
# So many files may wait in all, as far as they are a quarter of what the process may open; and a
# repository's are joined when there are half as many.
MOST_WAITING = 1024
# Changes without a file are small.
MOST_CHANGES = 10_000
# How long a process that ends takes for what waits, in seconds.
LAST_SECONDS = 10


@dataclass(slots=True)
class Batch:
    """What waits to be joined to a repository."""

    domain: Domain
    came: list[DownloadedCrate] = field(default_factory=list)
    changes: list[LinkStoredUnit | Change] = field(default_factory=list)
    first: float = 0.0
    last: float = 0.0
    runner: asyncio.Task[None] | None = None
    hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        return len(self.came) + len(self.changes)


_lots: dict[UUID, Batch] = {}


def keep_file(repository: UUID, domain: Domain, came: DownloadedCrate) -> None:
    """Have a file kept that has just come; without room for it, it is fetched again another time."""
    is_full = sum(len(lot.came) for lot in _lots.values()) >= _most_waiting()
    if is_full or not free_space.has_room() or came.pull.is_in_memory:
        note(Event.NOT_KEPT)
        return
    came.pull.acquire()
    _lot(repository, domain).came.append(came)


def keep_change(repository: UUID, domain: Domain, change: LinkStoredUnit | Change) -> None:
    """Have a change made with the next files, if there are not too many."""
    if sum(len(lot.changes) for lot in _lots.values()) >= MOST_CHANGES:
        note(Event.NOT_KEPT)
        return
    _lot(repository, domain).changes.append(change)


def hurry() -> None:
    """Join what waits now: a cache may have been changed into something that has no upstream."""
    for lot in _lots.values():
        lot.first = lot.last = -LONGEST
        lot.hurry.set()


async def join_all() -> None:
    """Join what waits, as the process ends; what cannot be joined at once is fetched again."""
    runners = [lot.runner for lot in _lots.values() if lot.runner is not None]
    hurry()
    if runners:
        await asyncio.wait(runners, timeout=LAST_SECONDS)


def _lot(repository: UUID, domain: Domain) -> Batch:
    lot = _lots.setdefault(repository, Batch(domain))
    now = time.monotonic()
    if not lot:
        lot.first = now
    lot.last = now
    if lot.runner is None:
        lot.runner = asyncio.get_running_loop().create_task(_run(repository, lot))
    return lot


def _most_waiting() -> int:
    may_open = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_WAITING if may_open == resource.RLIM_INFINITY else min(MOST_WAITING, may_open // 4)


def _most_at_once() -> int:
    return max(1, _most_waiting() // 2)


async def _run(repository: UUID, lot: Batch) -> None:
    try:
        while lot:
            await _ripe(lot)
            lot.hurry.clear()
            most = _most_at_once()
            came, changes = lot.came[:most], lot.changes[:most]
            del lot.came[: len(came)], lot.changes[: len(changes)]
            lot.first = time.monotonic()
            try:
                await _join(repository, lot.domain, came, changes)
            except Exception as error:
                note(Event.NOT_KEPT)
                log.warning("%s crates of an upstream were not kept: %s", len(came), error)
            finally:
                for one in came:
                    one.pull.release()
    finally:
        del _lots[repository]


async def _ripe(lot: Batch) -> None:
    """Wait until it is time to join what is there."""
    while len(lot) < _most_at_once():
        now = time.monotonic()
        due = min(lot.last + QUIET, lot.first + LONGEST)
        if now >= due:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(lot.hurry.wait(), due - now)


async def _join(
    repository: UUID,
    domain: Domain,
    came: Sequence[DownloadedCrate],
    changes: Sequence[LinkStoredUnit | Change],
) -> None:
    came_in = [await threads.work(read, domain, one) for one in came]
    wanted: list[Change] = [one for one in came_in if one is not None]
    wanted += [one for one in changes if not isinstance(one, LinkStoredUnit)]
    wanted += await threads.read(
        adopted, [one for one in changes if isinstance(one, LinkStoredUnit)]
    )
    if not wanted:
        return
    result = await join(repository, domain, wanted)
    for refusal in filter(None, result.refusals):
        # Such as a name that differs from another in `-` and `_`: it is passed through each time.
        note(Event.NOT_KEPT)
        log.warning("A crate of an upstream is passed through and not stored: %s", refusal)
    clean_up_after(repository, result)
