"""An upstream's index file to serve: the stored copy while it is fresh, otherwise a revalidated one.

Concurrent requests for a file share one request to the upstream. A stale copy is served while the
upstream is slow or fails.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from pulp_cargo.app.queries.upstreams.index_copy import IndexFileCopy, index_copy
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.ttl_cache import TtlCache
from pulp_cargo.app.services.cache import index_store
from pulp_cargo.app.services.cache.fetch_index import Copy, Newest, fetch
from pulp_cargo.app.services.cache.follow_yanks import YankFollower
from pulp_cargo.app.services.cache.index_store import IndexStore
from pulp_cargo.app.services.cache.parsed_indexes import ParsedIndexes
from pulp_cargo.app.upstream.client import UpstreamClients
from pulp_cargo.app.upstream.events import Event, note
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable

log = logging.getLogger(__name__)

Key = tuple[tuple[UUID, str], str]


@dataclass(frozen=True, slots=True)
class Current:
    """The index file to serve for a crate.

    It may be served for `fresh_for` seconds before it is revalidated. `age` is the number of seconds
    since its last validation, if it is stale.
    """

    copy: IndexFileCopy
    fresh_for: float
    age: int | None = None


class IndexFiles:
    """The index files of upstreams for one process, used on one event loop."""

    def __init__(
        self,
        clients: UpstreamClients,
        parsed: ParsedIndexes,
        store: IndexStore,
        yanks: YankFollower,
    ) -> None:
        self.parsed = parsed
        self._clients, self._store, self._yanks = clients, store, yanks
        self._fetches: dict[Key, asyncio.Task[Copy | None]] = {}
        # Crates that an upstream did not have a moment ago, and upstreams that were slow.
        self._missing: TtlCache[Key, bool] = TtlCache(100_000)
        self._slow: TtlCache[UUID, bool] = TtlCache(1_000)

    async def current(
        self, remote: UpstreamRemote, name: str, *, at_any_age: bool = False
    ) -> Current | None:
        """Return an upstream's index file of a crate, by its lower-case name; None for no such crate.

        With `at_any_age` a stale copy will do: the line of a version that it lists does not change.
        Raises UpstreamUnreachable and UpstreamIndexInvalid.
        """
        key = remote.identity, name
        if self._missing.get(key):
            return None
        copy = await self._known(remote, name)
        if copy is not None and _is_fresh(remote, copy, at_any_age=at_any_age):
            return self._current(remote, copy, max(0, remote.max_age - _age(copy)))
        # A stale record that a crate was gone is not served: another upstream would answer for it.
        stale = (
            copy if isinstance(copy, IndexFileCopy) and remote.is_usable(copy.checked_at) else None
        )
        request = self._fetches.get(key) or self._start(remote, name, copy)
        try:
            async with asyncio.timeout(self._timeout(remote) if stale else None):
                newest = await asyncio.shield(request)
        except (UpstreamUnreachable, UpstreamIndexInvalid) as error:
            if stale is None:
                raise
            log.info("A cached index file is served without revalidation: %s", error)
        except TimeoutError:
            if not self._slow.get(remote.pk):
                self._slow.put(remote.pk, True, timeouts.UPSTREAM_SLOW_SECONDS)
        else:
            return self._current(remote, newest, remote.max_age)
        note(Event.STALE)
        return (
            self._current(remote, stale, self._pause(remote), int(_age(stale))) if stale else None
        )

    async def _known(self, remote: UpstreamRemote, name: str) -> Copy | None:
        """Return the latest known answer, from the database or the queue of files to be written."""
        # Look in the queue before and after: a file written in between is not in the row that was read.
        before = self._store.waiting(remote, name)
        row = await threads.read(index_copy, remote.pk, name)
        there = [one for one in (row, before, self._store.waiting(remote, name)) if one is not None]
        newest = max(there, key=lambda one: one.checked_at, default=None)
        # A queued answer may be newer than the row, but what was accepted is only in the row.
        return replace(newest, accepted=row.accepted) if newest and row else newest

    def _current(
        self, remote: UpstreamRemote, copy: Copy | None, fresh_for: float, age: int | None = None
    ) -> Current | None:
        """Return what is to be served, after dropping older parsed versions from memory."""
        if not isinstance(copy, IndexFileCopy):
            return None
        self.parsed.forget_others(remote, copy)
        return Current(copy, fresh_for, age)

    def _timeout(self, remote: UpstreamRemote) -> float:
        return 0 if self._slow.get(remote.pk) else timeouts.UPSTREAM_TIMEOUT_SECONDS

    def _pause(self, remote: UpstreamRemote) -> float:
        """Seconds until another request to the upstream makes sense."""
        client = self._clients.known(remote)
        if client is None:
            return 0
        return max(client.breaker.wait, 1.0 if self._slow.get(remote.pk) else 0.0)

    def _start(
        self, remote: UpstreamRemote, name: str, copy: Copy | None
    ) -> asyncio.Task[Copy | None]:
        key = remote.identity, name
        task = asyncio.get_running_loop().create_task(self._fetch(remote, name, copy))
        self._fetches[key] = task
        task.add_done_callback(lambda done: self._finished(key, done))
        return task

    async def _fetch(self, remote: UpstreamRemote, name: str, before: Copy | None) -> Copy | None:
        newest = await fetch(self._clients, remote, name, before)
        if newest is None or not isinstance(newest.copy, IndexFileCopy):
            seconds = min(timeouts.UPSTREAM_MISSING_SECONDS, remote.max_age)
            self._missing.put((remote.identity, name), True, seconds)
        if newest is None:
            return None
        if newest.parsed is not None:
            self.parsed.remember(remote, name, newest.copy.digest, newest.parsed)
        await self._save(remote, before, newest)
        return newest.copy

    async def _save(self, remote: UpstreamRemote, before: Copy | None, newest: Newest) -> None:
        _report_replaced(remote, before, newest.copy)
        # Only the requests that wait for it get the unpacked file: queued copies would take much memory.
        copy = newest.copy
        packed = replace(copy, unpacked=None) if isinstance(copy, IndexFileCopy) else copy
        if before is not None and before.is_outdated and not packed.is_outdated:
            row = index_store.Row(remote, packed, is_new=True)
            await threads.write(index_store.write_at_once, row)
        else:
            self._store.put(remote, packed, is_new=newest.is_new)
        if isinstance(packed, IndexFileCopy) and before and packed.digest != before.digest:
            self._yanks.follow(remote, packed)

    def _finished(self, key: Key, task: asyncio.Task[Copy | None]) -> None:
        self._fetches.pop(key, None)
        if not task.cancelled() and (error := task.exception()):
            is_invalid = isinstance(error, UpstreamIndexInvalid)
            note(Event.INDEX_INVALID if is_invalid else Event.UNREACHABLE)
            log.warning("%s (%s)", error, getattr(error, "detail", "") or key[1])


def _is_fresh(remote: UpstreamRemote, copy: Copy, *, at_any_age: bool) -> bool:
    """Whether a copy can be served without revalidating it."""
    if copy.is_outdated:
        return False
    return _age(copy) < remote.max_age or (at_any_age and isinstance(copy, IndexFileCopy))


def _age(copy: Copy) -> float:
    """Seconds since the copy was last validated with the upstream."""
    return (datetime.now(UTC) - copy.checked_at).total_seconds()


def _report_replaced(remote: UpstreamRemote, before: Copy | None, newest: Copy) -> None:
    for vers, (old, new) in newest.replaced.items():
        if before is None or before.replaced.get(vers) != (old, new):
            note(Event.REPLACED)
            log.warning(
                "The upstream of `%s` has replaced the bytes of `%s %s`: the checksum is %s and"
                " was %s. The version is served unchanged until the new bytes are accepted.",
                remote.name,
                newest.name,
                vers,
                new,
                old,
            )
