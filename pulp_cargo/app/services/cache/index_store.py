"""Storing upstreams' index files in the database, in batches that no request waits for.

Files that are lost in a crash are fetched again.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from pulp_cargo.app.notices import barrier, channel
from pulp_cargo.app.queries.upstreams.index_copy import CrateGone, IndexFileCopy
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.runtime.write_behind import Limits, WriteBehind
from pulp_cargo.rules.replaced_versions import MOST_RECORDS

log = logging.getLogger(__name__)

Key = tuple[tuple[UUID, str], str]

# `batch_size` rows are written in one transaction; `max_waiting` files may wait in memory.
LIMITS = Limits(
    batch_size=100,
    max_waiting=10_000,
    quiet_seconds=timeouts.INDEX_STORE_MAX_AGE_SECONDS,
    max_age_seconds=timeouts.INDEX_STORE_MAX_AGE_SECONDS,
)

# A file is not written if its remote was deleted or has another URL by now, or if the row is newer.
# The share lock keeps the URL from changing before the commit: a change of it deletes the files.
UPSERT = """
    INSERT INTO cargo_upstreamindexfile AS stored (remote_id, name, canonical_name, gzipped, digest,
        is_sound, etag, last_modified, checked_at, first_seen, gone, replaced)
    SELECT r.pulp_id, %(name)s, %(canonical_name)s, %(gzipped)s, %(digest)s, %(is_sound)s, %(etag)s,
        %(last_modified)s, %(checked_at)s, %(first_seen)s::jsonb, %(gone)s::jsonb,
        %(replaced)s::jsonb
    FROM (
        SELECT pulp_id FROM core_remote WHERE pulp_id = %(remote)s AND url = %(url)s FOR SHARE
    ) r
    ON CONFLICT (remote_id, name) DO UPDATE SET gzipped = EXCLUDED.gzipped,
        digest = EXCLUDED.digest, is_sound = EXCLUDED.is_sound, etag = EXCLUDED.etag,
        last_modified = EXCLUDED.last_modified, checked_at = EXCLUDED.checked_at,
        first_seen = stored.first_seen || EXCLUDED.first_seen, gone = EXCLUDED.gone,
        replaced = EXCLUDED.replaced
    WHERE stored.checked_at <= EXCLUDED.checked_at
"""
RECORD = f"""
    INSERT INTO cargo_replacedversion (remote_id, name, vers, cksum_before, cksum, found_at)
    SELECT f.remote_id, f.name, %(vers)s, %(before)s, %(cksum)s, %(found_at)s
    FROM cargo_upstreamindexfile f WHERE f.remote_id = %(remote)s AND f.name = %(name)s
    AND f.replaced ? %(vers)s AND (
        SELECT count(*) FROM cargo_replacedversion r
        WHERE r.remote_id = f.remote_id AND r.name = f.name
    ) < {MOST_RECORDS}
    ON CONFLICT DO NOTHING
"""
CONFIRM = """
    UPDATE cargo_upstreamindexfile SET checked_at = %(checked_at)s
    WHERE remote_id = %(remote)s AND name = %(name)s AND digest = %(digest)s
    AND checked_at < %(checked_at)s
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A file to write, or only its time of validation if the row already has the same bytes."""

    remote: UpstreamRemote
    copy: IndexFileCopy | CrateGone
    is_new: bool


class IndexStore:
    """The index files that wait in a process to be written to the database."""

    def __init__(self, background: BackgroundTasks, disk: FreeSpace) -> None:
        self._disk = disk
        self._queue: WriteBehind[None, Key, Row] = WriteBehind(
            _write_batch, background=background, on_failure=_note_failure, limits=LIMITS
        )

    def put(self, remote: UpstreamRemote, copy: IndexFileCopy | CrateGone, *, is_new: bool) -> None:
        """Queue a file to be written; `is_new` unless the row has the same bytes."""
        if not self._disk.has_room():
            return
        key = remote.identity, copy.name
        before = self._queue.get(None, key)
        is_new = is_new or (before is not None and before.is_new)
        # A full queue drops the file, which is then fetched again when it is needed.
        self._queue.put(None, key, Row(remote, copy, is_new))

    def waiting(self, remote: UpstreamRemote, name: str) -> IndexFileCopy | CrateGone | None:
        """Return a file that is queued and not yet written."""
        row = self._queue.get(None, (remote.identity, name))
        return None if row is None else row.copy

    async def written(self) -> None:
        """Write everything in the queue now, and return when it is written."""
        await self._queue.flush()

    async def close(self) -> None:
        """Write what is in the queue, before the process ends."""
        await self._queue.drain(timeouts.INDEX_STORE_DRAIN_SECONDS)


def write(rows: Sequence[Row]) -> None:
    """Write rows, in a fixed order, so that two processes cannot deadlock."""
    ordered = sorted(rows, key=lambda row: (row.remote.pk, row.copy.name))
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, is_new in ((UPSERT, True), (CONFIRM, False)):
            values = [_values(row) for row in ordered if row.is_new is is_new]
            if values:
                cursor.executemany(statement, values)
        if events := [event for row in ordered for event in _replaced(row)]:
            cursor.executemany(RECORD, events)


def write_at_once(row: Row) -> None:
    """Write a file with replaced bytes, and wait until every process has dropped the old file."""
    with transaction.atomic():
        write([row])
        channel.index_changed(row.remote.pk, row.copy.name)
        barrier.ask_after_commit()


async def _write_batch(_: None, rows: Sequence[Row]) -> None:
    await threads.write(write, rows)


def _note_failure(_: None, rows: Sequence[Row], error: Exception) -> None:
    log.warning("Index files of upstreams could not be stored: %s", error)


def _values(row: Row) -> dict[str, object]:
    copy = row.copy
    return {
        "remote": row.remote.pk,
        "url": row.remote.url,
        "name": copy.name,
        "canonical_name": copy.canonical_name,
        "gzipped": copy.gzipped if isinstance(copy, IndexFileCopy) else None,
        "digest": copy.digest,
        "is_sound": copy.is_sound,
        "etag": copy.etag,
        "last_modified": copy.last_modified,
        "checked_at": copy.checked_at,
        "first_seen": json.dumps(copy.first_seen),
        "gone": json.dumps(copy.gone),
        "replaced": json.dumps(copy.replaced),
    }


def _replaced(row: Row) -> Iterator[dict[str, object]]:
    for vers, (before, cksum) in row.copy.replaced.items():
        yield {
            "remote": row.remote.pk,
            "name": row.copy.name,
            "vers": vers,
            "before": before,
            "cksum": cksum,
            "found_at": row.copy.checked_at,
        }
