"""Recording what crate policies refused: counted in memory, and written in batches.

Neither downloads nor the event loop wait for the database.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from pulp_cargo.app.models import PolicyRefusal
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.runtime.write_behind import Limits, WriteBehind, WriteLater
from pulp_cargo.rules.policies.policy_decision import Refusal

log = logging.getLogger(__name__)

Key = tuple[UUID, str, str, str]

# All waiting records are written in one statement.
MOST_WAITING = 20_000
LIMITS = Limits(
    batch_size=MOST_WAITING,
    max_waiting=MOST_WAITING,
    quiet_seconds=timeouts.REFUSAL_LOG_MAX_AGE_SECONDS,
    max_age_seconds=timeouts.REFUSAL_LOG_MAX_AGE_SECONDS,
)
# A record is deleted when its refusal has not recurred for this long.
REMEMBERED = timedelta(days=90)

# Policies that were deleted meanwhile are skipped. The order prevents deadlocks between processes.
UPSERT = """
    INSERT INTO cargo_heldversion
        (policy_id, name, vers, rule, sentence, dry_run, first_at, last_at, times)
    SELECT p.pulp_id, h.name, h.vers, h.rule, h.sentence, h.dry_run, h.first_at, h.last_at, h.times
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[],
        %s::timestamptz[], %s::timestamptz[], %s::bigint[])
        AS h (policy, name, vers, rule, sentence, dry_run, first_at, last_at, times)
    JOIN cargo_cargocratepolicy p ON p.pulp_id = h.policy
    ORDER BY p.pulp_id, h.name, h.vers, h.rule
    FOR KEY SHARE OF p
    ON CONFLICT (policy_id, name, vers, rule) DO UPDATE SET
        sentence = excluded.sentence,
        dry_run = excluded.dry_run,
        last_at = greatest(cargo_heldversion.last_at, excluded.last_at),
        times = cargo_heldversion.times + excluded.times
"""


@dataclass(frozen=True, slots=True)
class Record:
    """A row to be inserted, or to be added to an existing one."""

    policy: UUID
    name: str
    vers: str
    rule: str
    sentence: str
    dry_run: bool
    first_at: datetime
    last_at: datetime
    times: int = 1

    @property
    def key(self) -> Key:
        """The unique key of the row."""
        return (self.policy, self.name, self.vers, self.rule)


class RefusalLog:
    """The records of a process that are not written yet."""

    def __init__(self, background: BackgroundTasks, limits: Limits = LIMITS) -> None:
        self._queue: WriteBehind[None, Key, Record] = WriteBehind(
            self._write_batch,
            background=background,
            on_failure=_note_failure,
            limits=limits,
            merge=_together,
        )
        self._lost = 0
        self._cleaned_up_at = -timeouts.REFUSAL_LOG_CLEANUP_INTERVAL_SECONDS

    def note(self, refusals: Iterable[Refusal]) -> None:
        """Count refusals of versions."""
        now = timezone.now()
        for refusal in refusals:
            record = _record(refusal, now)
            if not self._queue.put(None, record.key, record):
                self._lost += 1

    async def flush(self) -> None:
        """Write the waiting records, and return when they are written."""
        await self._queue.flush()

    async def close(self) -> None:
        """Write the waiting records when the process ends."""
        await self._queue.drain(timeouts.REFUSAL_LOG_DRAIN_SECONDS)

    def write(self, records: Iterable[Record]) -> None:
        """Insert records or add them to existing ones; from time to time, delete old ones."""
        _upsert(records)
        self._clean_up()

    async def _write_batch(self, _: None, records: Sequence[Record]) -> None:
        lost, self._lost = self._lost, 0
        if lost:
            log.warning(
                "%d records of refused versions were dropped: too many records were waiting.", lost
            )
        try:
            await threads.record(self.write, records)
        except (DatabaseError, InterfaceError) as error:
            log.warning(
                "Records of refused versions could not be written and will be written later: %s",
                error,
            )
            raise WriteLater(timeouts.REFUSAL_LOG_RETRY_SECONDS) from error

    def _clean_up(self) -> None:
        """Delete old records, whose number would grow without limit in a busy cache."""
        now = time.monotonic()
        if now - self._cleaned_up_at >= timeouts.REFUSAL_LOG_CLEANUP_INTERVAL_SECONDS:
            self._cleaned_up_at = now
            PolicyRefusal.objects.filter(last_at__lt=timezone.now() - REMEMBERED).delete()


def _together(before: Record, after: Record) -> Record:
    return replace(
        after,
        first_at=before.first_at,
        last_at=max(before.last_at, after.last_at),
        times=before.times + after.times,
    )


def _note_failure(_: None, records: Sequence[Record], error: Exception) -> None:
    log.warning("%d records of refused versions could not be written: %s", len(records), error)


def _record(refusal: Refusal, now: datetime) -> Record:
    return Record(
        policy=refusal.policy.pk,
        name=refusal.name,
        vers=refusal.vers,
        rule=refusal.verdict.rule.value,
        sentence=refusal.verdict.sentence,
        dry_run=not refusal.verdict.enforced,
        first_at=now,
        last_at=now,
    )


def _upsert(records: Iterable[Record]) -> None:
    columns = [list(column) for column in zip(*map(astuple, records), strict=True)]
    if columns:
        with connection.cursor() as cursor:
            cursor.execute(UPSERT, columns)
