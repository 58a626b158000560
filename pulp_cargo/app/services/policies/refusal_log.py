"""Recording what crate policies held back: counted in memory, and written a little later at once.

Nobody waits for it: not who downloads, and not the event loop. What has not been written when a
process ends is lost.
"""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from pulp_cargo.app.models import HeldVersion
from pulp_cargo.rules.policy_decision import Refusal

log = logging.getLogger(__name__)

# How long records wait for each other, in seconds, and how many of them at most.
WRITE_AFTER = 5.0
MOST_WAITING = 20_000
# What has not happened for so long is forgotten; looked after so often by each process, in seconds.
REMEMBERED = timedelta(days=90)
FORGET_EVERY = 24 * 3600.0

# A policy may have been deleted meanwhile. In order, so that two processes do not hold each other up.
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


@dataclass(slots=True)
class Record:
    """A row that waits to be written, or to be added to the one that is there."""

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
    def key(self) -> tuple[UUID, str, str, str]:
        """What identifies the row."""
        return (self.policy, self.name, self.vers, self.rule)


class RefusalLog:
    """The records of this process that are not written yet."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[UUID, str, str, str], Record] = {}
        self._lost = 0
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._forgot_at = -FORGET_EVERY

    def note(self, refusals: Iterable[Refusal]) -> None:
        """Count that versions were held back; for any thread, and the event loop."""
        now = timezone.now()
        records = [_record(refusal, now) for refusal in refusals]
        if records:
            with self._lock:
                self._add(records)

    def write(self) -> None:
        """Write what waits; if the database cannot take it, it waits for the next time."""
        with self._lock:
            batch, self._waiting = self._waiting, {}
            lost, self._lost = self._lost, 0
            self._timer = None
        if lost:
            log.warning("%d records of held versions were too many to be kept.", lost)
        try:
            _upsert(batch.values())
            self._forget()
        except (DatabaseError, InterfaceError) as error:
            log.warning("Records of held versions are written later: %s", error)
            with self._lock:
                self._add(batch.values())

    def _add(self, records: Iterable[Record]) -> None:
        for record in records:
            there = self._waiting.get(record.key)
            if there is not None:
                there.times += record.times
                there.last_at = max(there.last_at, record.last_at)
                there.sentence, there.dry_run = record.sentence, record.dry_run
            elif len(self._waiting) < MOST_WAITING:
                self._waiting[record.key] = record
            else:
                self._lost += 1
        if self._timer is None and self._waiting:
            self._timer = threading.Timer(WRITE_AFTER, self._write_in_thread)
            self._timer.daemon = True
            self._timer.start()

    def _write_in_thread(self) -> None:
        try:
            self.write()
        finally:
            # Each thread has a connection of its own, and this one ends.
            connection.close()

    def _forget(self) -> None:
        """Remove old records: of a busy cache they would grow without end."""
        if time.monotonic() - self._forgot_at >= FORGET_EVERY:
            self._forgot_at = time.monotonic()
            HeldVersion.objects.filter(last_at__lt=timezone.now() - REMEMBERED).delete()


_recorder = RefusalLog()
note = _recorder.note


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
