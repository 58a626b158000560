"""What an upstream's index says of a crate: as it is kept here, or asked for anew.

One request to the upstream serves everybody who waits for the same file. A file that is kept is
served while the upstream is slow, broken or gone.
"""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from pulp_cargo.app.queries.upstreams.index_copy import IndexCopy, index_copy
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.ttl_cache import TtlCache
from pulp_cargo.app.services.cache import (
    follow_yanks,
    index_store,
    parsed_indexes,
)
from pulp_cargo.app.services.downloads.clients import client_of, known
from pulp_cargo.app.upstream.answer import Fetched, Validators
from pulp_cargo.app.upstream.events import Event, note
from pulp_cargo.protocol.packed_index import pack, unpack_sent
from pulp_cargo.protocol.unavailable import (
    UpstreamIndexEmpty,
    UpstreamIndexInvalid,
    UpstreamUnreachable,
)
from pulp_cargo.protocol.upstream_index import UpstreamIndex, UpstreamVersion, parse_index_file
from pulp_cargo.rules.replaced_versions import Replaced, gone_from, replaced_in, version_key

log = logging.getLogger(__name__)

Key = tuple[tuple[UUID, str], str]

# The forms in which a file may come (RFC 9110, 8.4.1).
GZIP, PLAIN = ("gzip", "x-gzip"), ("", "identity")

_fetches: dict[Key, asyncio.Task[IndexCopy | None]] = {}
_missing: TtlCache[Key, bool] = TtlCache(100_000)
_slow: TtlCache[UUID, bool] = TtlCache(1_000)


@dataclass(frozen=True, slots=True)
class Current:
    """What is to be served of a crate: `copy` is None for one that the upstream does not have.

    It may be served again for `fresh_for` seconds without asking. `age` are the seconds since the
    upstream confirmed it, where that is longer ago than it should be.
    """

    copy: IndexCopy | None
    fresh_for: float
    age: int | None = None


async def current(remote: UpstreamRemote, name: str, *, at_any_age: bool = False) -> Current:
    """Return what an upstream says of a crate, by its lower-case name; raises UpstreamUnreachable.

    `at_any_age` is for who only wants to know of versions that are there: they do not change.
    """
    key = remote.identity, name
    if _missing.get(key):
        return Current(None, 0)
    copy = await _known(remote, name)
    age = _age(copy) if copy else 0.0
    is_recent = copy is not None and not copy.is_outdated
    if copy and is_recent and (age < remote.max_age or (at_any_age and copy.gzipped is not None)):
        return _current(remote, copy, max(0, remote.max_age - age))
    # That a crate was gone once is nothing to serve: another upstream must not answer for it.
    is_usable = _there(copy) is not None and (remote.stale_for is None or age < remote.stale_for)
    fetch = _fetches.get(key) or _start(remote, name, copy)
    try:
        async with asyncio.timeout(_patience(remote) if is_usable else None):
            newest = await asyncio.shield(fetch)
    except (UpstreamUnreachable, UpstreamIndexInvalid) as error:
        if copy is None or not is_usable:
            raise
        log.info("An index file is served as it was: %s", error)
    except TimeoutError:
        if not _slow.get(remote.pk):
            _slow.keep(remote.pk, True, timeouts.UPSTREAM_SLOW_SECONDS)
    else:
        return _current(remote, newest, remote.max_age)
    note(Event.STALE)
    return _current(remote, copy, _pause(remote), int(age))


async def _known(remote: UpstreamRemote, name: str) -> IndexCopy | None:
    """Return the newest file that is at hand, also while it is on its way into the database."""
    # Both before and after: what is written in between was not in the row that was read.
    before = index_store.waiting(remote, name)
    row = await threads.read(index_copy, remote.pk, name)
    there = [one for one in (row, before, index_store.waiting(remote, name)) if one is not None]
    newest = max(there, key=lambda one: one.checked_at, default=None)
    # What came may be newer than the row, but not what was accepted meanwhile.
    return replace(newest, accepted=row.accepted) if newest and row else newest


def _current(
    remote: UpstreamRemote, copy: IndexCopy | None, fresh_for: float, age: int | None = None
) -> Current:
    """Return what is to be served, after which no older versions are in memory."""
    there = _there(copy)
    if there is not None:
        parsed_indexes.forget_others(remote, there)
    return Current(there, fresh_for, age)


def _there(copy: IndexCopy | None) -> IndexCopy | None:
    return None if copy is None or copy.gzipped is None else copy


def _age(copy: IndexCopy) -> float:
    return (datetime.now(UTC) - copy.checked_at).total_seconds()


def _patience(remote: UpstreamRemote) -> float:
    return 0 if _slow.get(remote.pk) else timeouts.UPSTREAM_TIMEOUT_SECONDS


def _pause(remote: UpstreamRemote) -> float:
    """Seconds until it makes sense to ask again."""
    client = known(remote)
    if client is None:
        return 0
    return max(client.breaker.wait, 1.0 if _slow.get(remote.pk) else 0.0)


def _start(
    remote: UpstreamRemote, name: str, copy: IndexCopy | None
) -> asyncio.Task[IndexCopy | None]:
    key = remote.identity, name
    task = asyncio.get_running_loop().create_task(_fetch(remote, name, copy))
    _fetches[key] = task
    task.add_done_callback(lambda done: _finished(key, done))
    return task


def _finished(key: Key, task: asyncio.Task[IndexCopy | None]) -> None:
    _fetches.pop(key, None)
    if not task.cancelled() and (error := task.exception()):
        is_invalid = isinstance(error, UpstreamIndexInvalid)
        note(Event.INDEX_INVALID if is_invalid else Event.UNREACHABLE)
        log.warning("%s (%s)", error, getattr(error, "detail", "") or key[1])


async def _fetch(remote: UpstreamRemote, name: str, copy: IndexCopy | None) -> IndexCopy | None:
    client = await client_of(remote)
    has_body = copy is not None and copy.gzipped is not None
    is_whole = copy is not None and has_body and not copy.is_outdated
    asked = Validators(copy.etag, copy.last_modified) if copy and is_whole else Validators()
    fetched = await client.index_file(name, asked)
    now = datetime.now(UTC)
    read = None
    if fetched.body is not None:
        read = await threads.work(_read, name, fetched, copy, now)
    if not fetched.found or (fetched.body is not None and read is None):
        seconds = min(timeouts.UPSTREAM_MISSING_SECONDS, remote.max_age)
        _missing.keep((remote.identity, name), True, seconds)
        if copy is None:
            return None
        gone = await threads.work(_gone, copy) if has_body else copy.gone
        newest, is_new = replace(copy, gzipped=None, checked_at=now, gone=gone), has_body
    elif read is None:
        assert copy is not None, "only who has a copy is told that it is the same"
        newest, is_new = replace(copy, checked_at=now), False
    else:
        newest, found = read
        if found is not None:
            parsed_indexes.remember(remote, name, newest.digest, found)
        is_new = newest != replace(copy, checked_at=now) if copy else True
    # Whoever waits for it now need not unpack it; nobody else keeps so much in memory.
    packed = replace(newest, unpacked=None)
    _tell_of_replaced(remote, copy, newest)
    if copy is not None and copy.is_outdated and not newest.is_outdated:
        await threads.write(index_store.write_at_once, index_store.Row(remote, packed, is_new=True))
    else:
        index_store.keep(remote, packed, is_new=is_new)
    if copy is not None and newest.digest != copy.digest:
        follow_yanks.follow(remote, packed)
    return newest


def _read(
    name: str, fetched: Fetched, before: IndexCopy | None, now: datetime
) -> tuple[IndexCopy, UpstreamIndex | None] | None:
    """Return a file as it is to be kept, and its versions if they are others than before.

    None is for a file with no crate in it, which is another way to say that there is none. Raises
    UpstreamIndexInvalid.
    """
    body, gzipped = _unpacked(name, fetched)
    digest = hashlib.sha256(body).hexdigest()
    etag, modified = fetched.validators.etag, fetched.validators.last_modified
    if before is not None and before.digest == digest and before.gzipped is not None:
        same = replace(before, checked_at=now, etag=etag, last_modified=modified, replaced={})
        return same, None
    try:
        found = parse_index_file(body, name)
    except UpstreamIndexEmpty:
        return None
    known = _versions(before) if before else {}
    instead = replaced_in(found, known, before.accepted if before else ())
    if instead.lines:
        body, gzipped = found.with_lines(instead.lines), None
        digest, found = hashlib.sha256(body).hexdigest(), parse_index_file(body, name)
    copy = IndexCopy(
        name=name,
        gzipped=gzipped or pack(body),
        digest=digest,
        is_sound=found.is_sound,
        etag=etag,
        last_modified=modified,
        checked_at=now,
        first_seen=_first_seen(before, found, instead, now),
        gone=gone_from(found, known),
        replaced=dict(instead.cksums),
        accepted=before.accepted if before else frozenset(),
        unpacked=body,
    )
    return copy, found


def _unpacked(name: str, fetched: Fetched) -> tuple[bytes, bytes | None]:
    """Return a file's bytes, and the compressed form in which it came, if it did."""
    assert fetched.body is not None, "a file that is the same is not read"
    if fetched.encoding in GZIP:
        return unpack_sent(fetched.body, name)
    if fetched.encoding not in PLAIN:
        what = f"it has the encoding {fetched.encoding[:40]!r}, which nobody asked for"
        raise UpstreamIndexInvalid(name, what)
    return fetched.body, None


def _first_seen(
    before: IndexCopy | None, found: UpstreamIndex, instead: Replaced, now: datetime
) -> dict[str, str]:
    """Return when versions without a sound `pubtime`, and replaced ones, were first seen."""
    seen = dict(before.first_seen) if before else {}
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    for vers, (_, cksum) in instead.cksums.items():
        seen.setdefault(version_key(vers, cksum), moment)
    for vers, entry in found.versions.items():
        # Times of this form sort as text; one that lies ahead is none.
        if entry.pubtime is None or entry.pubtime > moment:
            seen.setdefault(vers, moment)
    return seen


def _versions(copy: IndexCopy) -> Mapping[str, UpstreamVersion]:
    """Return the versions that a file has and had."""
    gone = "".join(f"{line}\n" for line in copy.gone.values()).encode()
    versions = dict(parse_index_file(gone, copy.name).versions) if gone else {}
    if copy.gzipped is not None:
        versions |= parse_index_file(copy.body(), copy.name).versions
    return versions


def _gone(copy: IndexCopy) -> dict[str, str]:
    return gone_from(None, _versions(copy))


def _tell_of_replaced(remote: UpstreamRemote, before: IndexCopy | None, newest: IndexCopy) -> None:
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
