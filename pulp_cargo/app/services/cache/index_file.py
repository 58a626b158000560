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
from pulp_cargo.app.services.cache import follow_yanks, index_store, parsed_indexes
from pulp_cargo.app.services.cache.fetch_index import Copy, Newest, fetch
from pulp_cargo.app.services.downloads.clients import known
from pulp_cargo.app.upstream.events import Event, note
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable

log = logging.getLogger(__name__)

Key = tuple[tuple[UUID, str], str]

_fetches: dict[Key, asyncio.Task[Copy | None]] = {}
_missing: TtlCache[Key, bool] = TtlCache(100_000)
_slow: TtlCache[UUID, bool] = TtlCache(1_000)


@dataclass(frozen=True, slots=True)
class Current:
    """The index file to serve for a crate.

    It may be served for `fresh_for` seconds before it is revalidated. `age` is the number of seconds
    since its last validation, if it is stale.
    """

    copy: IndexFileCopy
    fresh_for: float
    age: int | None = None


async def current(remote: UpstreamRemote, name: str, *, at_any_age: bool = False) -> Current | None:
    """Return an upstream's index file of a crate, by its lower-case name; None for no such crate.

    With `at_any_age` a stale copy will do: the line of a version that it lists does not change.
    Raises UpstreamUnreachable and UpstreamIndexInvalid.
    """
    key = remote.identity, name
    if _missing.get(key):
        return None
    copy = await _known(remote, name)
    if copy is not None and _is_fresh(remote, copy, at_any_age=at_any_age):
        return _current(remote, copy, max(0, remote.max_age - _age(copy)))
    # A stale record that a crate was gone is not served: another upstream would answer for it.
    stale = copy if isinstance(copy, IndexFileCopy) and remote.is_usable(copy.checked_at) else None
    request = _fetches.get(key) or _start(remote, name, copy)
    try:
        async with asyncio.timeout(_timeout(remote) if stale else None):
            newest = await asyncio.shield(request)
    except (UpstreamUnreachable, UpstreamIndexInvalid) as error:
        if stale is None:
            raise
        log.info("An index file is served as it was: %s", error)
    except TimeoutError:
        if not _slow.get(remote.pk):
            _slow.keep(remote.pk, True, timeouts.UPSTREAM_SLOW_SECONDS)
    else:
        return _current(remote, newest, remote.max_age)
    note(Event.STALE)
    return _current(remote, stale, _pause(remote), int(_age(stale))) if stale else None


async def _known(remote: UpstreamRemote, name: str) -> Copy | None:
    """Return the latest known answer, from the database or the queue of files to be written."""
    # Look in the queue before and after: a file written in between is not in the row that was read.
    before = index_store.waiting(remote, name)
    row = await threads.read(index_copy, remote.pk, name)
    there = [one for one in (row, before, index_store.waiting(remote, name)) if one is not None]
    newest = max(there, key=lambda one: one.checked_at, default=None)
    # A queued answer may be newer than the row, but what was accepted is only in the row.
    return replace(newest, accepted=row.accepted) if newest and row else newest


def _is_fresh(remote: UpstreamRemote, copy: Copy, *, at_any_age: bool) -> bool:
    """Whether a copy can be served without revalidating it."""
    if copy.is_outdated:
        return False
    return _age(copy) < remote.max_age or (at_any_age and isinstance(copy, IndexFileCopy))


def _current(
    remote: UpstreamRemote, copy: Copy | None, fresh_for: float, age: int | None = None
) -> Current | None:
    """Return what is to be served, after dropping older parsed versions from memory."""
    if not isinstance(copy, IndexFileCopy):
        return None
    parsed_indexes.forget_others(remote, copy)
    return Current(copy, fresh_for, age)


def _age(copy: Copy) -> float:
    """Seconds since the copy was last validated with the upstream."""
    return (datetime.now(UTC) - copy.checked_at).total_seconds()


def _timeout(remote: UpstreamRemote) -> float:
    return 0 if _slow.get(remote.pk) else timeouts.UPSTREAM_TIMEOUT_SECONDS


def _pause(remote: UpstreamRemote) -> float:
    """Seconds until another request to the upstream makes sense."""
    client = known(remote)
    if client is None:
        return 0
    return max(client.breaker.wait, 1.0 if _slow.get(remote.pk) else 0.0)


def _start(remote: UpstreamRemote, name: str, copy: Copy | None) -> asyncio.Task[Copy | None]:
    key = remote.identity, name
    task = asyncio.get_running_loop().create_task(_fetch(remote, name, copy))
    _fetches[key] = task
    task.add_done_callback(lambda done: _finished(key, done))
    return task


async def _fetch(remote: UpstreamRemote, name: str, before: Copy | None) -> Copy | None:
    newest = await fetch(remote, name, before)
    if newest is None or not isinstance(newest.copy, IndexFileCopy):
        seconds = min(timeouts.UPSTREAM_MISSING_SECONDS, remote.max_age)
        _missing.keep((remote.identity, name), True, seconds)
    if newest is None:
        return None
    if newest.parsed is not None:
        parsed_indexes.remember(remote, name, newest.copy.digest, newest.parsed)
    await _store(remote, before, newest)
    return newest.copy


async def _store(remote: UpstreamRemote, before: Copy | None, newest: Newest) -> None:
    _report_replaced(remote, before, newest.copy)
    # Only the requests that wait for it get the unpacked file: queued copies would take much memory.
    copy = newest.copy
    packed = replace(copy, unpacked=None) if isinstance(copy, IndexFileCopy) else copy
    if before is not None and before.is_outdated and not packed.is_outdated:
        row = index_store.Row(remote, packed, is_new=True)
        await threads.write(index_store.write_at_once, row)
    else:
        index_store.keep(remote, packed, is_new=newest.is_new)
    if isinstance(packed, IndexFileCopy) and before and packed.digest != before.digest:
        follow_yanks.follow(remote, packed)


def _finished(key: Key, task: asyncio.Task[Copy | None]) -> None:
    _fetches.pop(key, None)
    if not task.cancelled() and (error := task.exception()):
        is_invalid = isinstance(error, UpstreamIndexInvalid)
        note(Event.INDEX_INVALID if is_invalid else Event.UNREACHABLE)
        log.warning("%s (%s)", error, getattr(error, "detail", "") or key[1])


def _report_replaced(remote: UpstreamRemote, before: Copy | None, newest: Copy) -> None:
    for vers, (old, new) in newest.replaced.items():
        if before is None or before.replaced.get(vers) != (old, new):
            note(Event.REPLACED)
            log.warning(
                "`%s` has other bytes of `%s %s` than before: the checksum %s was %s. The version"
                " stays as it was until somebody accepts the new one.",
                remote.name,
                newest.name,
                vers,
                new,
                old,
            )
