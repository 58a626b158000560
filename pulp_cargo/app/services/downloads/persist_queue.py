"""Keeping what came through a cache: stored, and joined to the repository many at a time.

A `cargo fetch` brings hundreds of crates within seconds, and a repository version for each would be
in nobody's interest. So they wait for each other a little; what a crash loses is fetched again.
"""

import logging
import resource
from collections.abc import Hashable, Sequence
from dataclasses import replace
from uuid import UUID

from pulpcore.plugin.models import Domain

from pulp_cargo.app.runtime import free_space, threads, timeouts
from pulp_cargo.app.runtime.write_behind import Limits, WriteBehind
from pulp_cargo.app.services.downloads.persist_changes import (
    DownloadedCrate,
    LinkStoredUnit,
    SetYanked,
    adopted,
    join,
    read,
)
from pulp_cargo.app.services.publish.commit import Change
from pulp_cargo.app.services.publish.commit_queue import clean_up_after
from pulp_cargo.app.upstream.events import Event, note

log = logging.getLogger(__name__)

# A repository, and its domain.
Store = tuple[UUID, Domain]
Item = DownloadedCrate | LinkStoredUnit | Change

# So many files may be open until they are stored, as far as they are three eighths of what the
# process may open; a third of them is a batch.
MOST_FILES = 1536
# Changes without a file are small.
LIMITS = Limits(
    batch_size=MOST_FILES // 3,
    max_waiting=10_000,
    quiet_seconds=timeouts.PERSIST_QUIET_SECONDS,
    max_age_seconds=timeouts.PERSIST_MAX_AGE_SECONDS,
)


class PersistQueue:
    """What waits in a process to be joined to repositories."""

    def __init__(self) -> None:
        self._queue: WriteBehind[Store, Hashable, Item] = WriteBehind(
            self._join, on_failure=self._note_failure, limits=LIMITS
        )
        self._files = 0

    def put_file(self, repository: UUID, domain: Domain, came: DownloadedCrate) -> None:
        """Have a file kept that has just come; without room, it is fetched again another time."""
        most = _most_files()
        has_room = self._files < most and free_space.has_room() and not came.download.is_in_memory
        # The process may be allowed to open more files than when the queue was made.
        self._queue.limits = replace(LIMITS, batch_size=max(1, most // 3))
        if has_room and self._put((repository, domain), came):
            came.download.acquire()
            self._files += 1
        else:
            note(Event.NOT_KEPT)

    def put_change(self, repository: UUID, domain: Domain, change: LinkStoredUnit | Change) -> None:
        """Have a change made with the next files, if there are not too many."""
        if not self._put((repository, domain), change):
            note(Event.NOT_KEPT)

    def hurry(self) -> None:
        """Join what waits now: a cache may have been changed into something without an upstream."""
        self._queue.hurry()

    async def join_all(self) -> None:
        """Join what waits now, and return when that is done."""
        await self._queue.flush()

    async def close(self) -> None:
        """Join what waits, as the process ends; what takes too long is fetched again."""
        await self._queue.drain(timeouts.PERSIST_DRAIN_SECONDS)

    def _put(self, store: Store, item: Item) -> bool:
        return self._queue.put(store, _key(item), item)

    async def _join(self, store: Store, items: Sequence[Item]) -> None:
        repository, domain = store
        came = _files_of(items)
        changes = [one for one in items if not isinstance(one, DownloadedCrate)]
        await _join(repository, domain, came, changes)
        self._release(came)

    def _note_failure(self, store: Store, items: Sequence[Item], error: Exception) -> None:
        came = _files_of(items)
        note(Event.NOT_KEPT)
        log.warning("%s crates of an upstream were not kept: %s", len(came), error)
        self._release(came)

    def _release(self, came: Sequence[DownloadedCrate]) -> None:
        self._files -= len(came)
        for one in came:
            one.download.release()


def _key(item: Item) -> Hashable:
    # What several clients or refreshes ask for is one change.
    return item if isinstance(item, (LinkStoredUnit, SetYanked)) else id(item)


def _files_of(items: Sequence[Item]) -> list[DownloadedCrate]:
    return [one for one in items if isinstance(one, DownloadedCrate)]


def _most_files() -> int:
    may_open = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if may_open == resource.RLIM_INFINITY:
        return MOST_FILES
    return min(MOST_FILES, may_open * 3 // 8)


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


# That of this process.
persist_queue = PersistQueue()
put_file = persist_queue.put_file
put_change = persist_queue.put_change
hurry = persist_queue.hurry
