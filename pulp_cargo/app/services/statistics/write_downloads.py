"""Writing counts of downloads: several processes add to the same rows.

They lock rows in the same order, by registry and crate, so that they cannot deadlock.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec
from django.db import transaction

from pulp_cargo.app.models.downloads import RECENT_DAYS
from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.rows import first_row
from pulp_cargo.protocol.names import canonical_name

# Maximum number of rows per transaction when old days are removed.
BATCH_ROWS = 10_000
# An advisory lock of PostgreSQL: one process at a time removes old days.
SWEEP_LOCK = 0x6361_7267_6F_0017

# A registry that was deleted meanwhile has no row; one that is being deleted waits. Every row has a
# crate and a version, so the full joins return what inner joins would. But a full join is never a
# nested loop, which PostgreSQL would choose for thousands of rows: it expects few of a CTE.
ADD = """
    WITH batch AS MATERIALIZED (
        SELECT b.* FROM json_to_recordset(%(rows)s::json) b (registry uuid, canonical text,
            name text, vers text, day date, at timestamptz, times bigint)
        JOIN cargo_cargodistribution d ON d.distribution_ptr_id = b.registry
        FOR KEY SHARE OF d
    ), crates AS (
        INSERT INTO cargo_cratedownloads
            (distribution_id, canonical_name, name, downloads, recent, last_at)
        SELECT registry, canonical, max(name), sum(times), sum(times), max(at) FROM batch
        GROUP BY registry, canonical ORDER BY registry, canonical
        ON CONFLICT (distribution_id, canonical_name) DO UPDATE SET
            name = excluded.name,
            downloads = cargo_cratedownloads.downloads + excluded.downloads,
            recent = cargo_cratedownloads.recent + excluded.recent,
            last_at = greatest(cargo_cratedownloads.last_at, excluded.last_at)
        RETURNING id, distribution_id, canonical_name
    ), counts AS MATERIALIZED (
        SELECT c.id AS crate_id, b.vers, b.day, b.at, b.times FROM batch b
        FULL JOIN crates c ON c.distribution_id = b.registry AND c.canonical_name = b.canonical
    ), versions AS (
        INSERT INTO cargo_versiondownloads (crate_id, vers, downloads, last_at)
        SELECT crate_id, vers, sum(times), max(at) FROM counts
        GROUP BY crate_id, vers ORDER BY crate_id, vers
        ON CONFLICT (crate_id, vers) DO UPDATE SET
            downloads = cargo_versiondownloads.downloads + excluded.downloads,
            last_at = greatest(cargo_versiondownloads.last_at, excluded.last_at)
        RETURNING id, crate_id, vers
    )
    INSERT INTO cargo_dailydownloads (version_id, day, downloads)
    SELECT v.id, c.day, sum(c.times) FROM counts c
    FULL JOIN versions v ON v.crate_id = c.crate_id AND v.vers = c.vers
    GROUP BY v.id, c.day ORDER BY v.id, c.day
    ON CONFLICT (version_id, day) DO UPDATE SET
        downloads = cargo_dailydownloads.downloads + excluded.downloads
"""
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%(lock)s)"
# `recent` stays the sum of the days that are left. Nobody writes to old days any more.
REMOVE = """
    WITH gone AS (
        DELETE FROM cargo_dailydownloads WHERE id IN (
            SELECT id FROM cargo_dailydownloads WHERE day <= %(last)s ORDER BY day LIMIT %(limit)s
        ) RETURNING version_id, downloads
    ), less AS (
        SELECT v.crate_id, sum(gone.downloads) AS downloads
        FROM gone JOIN cargo_versiondownloads v ON v.id = gone.version_id GROUP BY v.crate_id
    ), locked AS MATERIALIZED (
        SELECT c.id FROM cargo_cratedownloads c JOIN less ON less.crate_id = c.id
        ORDER BY c.distribution_id, c.canonical_name FOR UPDATE OF c
    ), updated AS (
        UPDATE cargo_cratedownloads c SET recent = greatest(0, c.recent - less.downloads)
        FROM less JOIN locked ON locked.id = less.crate_id WHERE c.id = locked.id
    )
    SELECT count(*) FROM gone
"""


class Row(NamedTuple):
    """So many downloads of a version on a day, the last of them at about `at`."""

    registry: str
    name: str
    vers: str
    day: date
    at: datetime
    times: int


def add(rows: Iterable[Row]) -> None:
    """Add counts to those that are stored, in one statement."""
    # As JSON, since psycopg takes four times as long to write arrays.
    values = [
        {
            "registry": row.registry,
            "canonical": canonical_name(row.name),
            "name": row.name,
            "vers": row.vers,
            "day": row.day,
            "at": row.at,
            "times": row.times,
        }
        for row in rows
    ]
    statements.run(ADD, {"rows": msgspec.json.encode(values).decode()})


def remove_old_days(today: date) -> None:
    """Remove the days that are not recent any more, unless another process is doing so."""
    values = {"last": today - timedelta(days=RECENT_DAYS), "limit": BATCH_ROWS}
    removed = BATCH_ROWS
    while removed == BATCH_ROWS:
        with transaction.atomic():
            is_ours = first_row(TRY_LOCK, {"lock": SWEEP_LOCK})
            if is_ours is None or not is_ours[0]:
                return
            removed = _remove(values)


def _remove(values: dict[str, object]) -> int:
    row = first_row(REMOVE, values)
    return 0 if row is None else row[0]
