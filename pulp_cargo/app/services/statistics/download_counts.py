"""Counting downloads: in memory when they are sent, and in the database a few seconds later.

On the event loop a download costs the increment of a number. A process that is killed loses the
counts of the last `DOWNLOAD_COUNTS_MAX_AGE_SECONDS`; one that ends writes them first.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, OperationalError

from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.runtime.write_behind import Limits, WriteBehind, WriteLater
from pulp_cargo.app.services.statistics import write_downloads
from pulp_cargo.app.services.statistics.write_downloads import Row

log = logging.getLogger(__name__)

# While the database does not answer, counts beyond this are lost; an entry takes about 300 bytes. A
# statement writes up to `batch_size` of them, and so many are written before it is time.
MOST_WAITING = 50_000
LIMITS = Limits(
    batch_size=10_000,
    max_waiting=MOST_WAITING,
    quiet_seconds=timeouts.DOWNLOAD_COUNTS_MAX_AGE_SECONDS,
    max_age_seconds=timeouts.DOWNLOAD_COUNTS_MAX_AGE_SECONDS,
)


class Download(NamedTuple):
    """What is downloaded: a version that a registry serves, in the spelling of its index.

    The id of the registry is text, whose hash is computed once; that of a UUID is slow.
    """

    registry: str
    name: str
    vers: str


@dataclass(slots=True)
class Tally:
    """The downloads of the few seconds since `at`, which are counted for the day of `at`.

    It takes up to `most` different downloads.
    """

    at: datetime
    most: int
    times: dict[Download, int] = field(default_factory=dict)

    def rows(self, most: int) -> list[Row]:
        """Return the rows of the first downloads."""
        day, at = self.at.date(), self.at
        first = islice(self.times.items(), most)
        return [Row(*download, day, at, times) for download, times in first]

    def remove(self, rows: Sequence[Row]) -> None:
        """Remove what has been written."""
        for row in rows:
            del self.times[Download(row.registry, row.name, row.vers)]

    def take(self, other: "Tally") -> None:
        """Add the counts of another one of the same day, which need no room of this one."""
        self.most += len(other.times)
        for download, times in other.times.items():
            self.times[download] = self.times.get(download, 0) + times


class DownloadCounts:
    """The downloads of this process that are not written yet."""

    def __init__(self, background: BackgroundTasks, limits: Limits = LIMITS) -> None:
        self._background = background
        self._limits = limits
        # Waits in the queue while it counts; one that is being written does not count any more.
        self._counting: Tally | None = None
        self._queue: WriteBehind[None, date, Tally] = WriteBehind(
            self._write_batch,
            background=background,
            on_failure=_note_failure,
            limits=limits,
            merge=_together,
        )
        self._lost = 0

    def start(self) -> None:
        """Start to remove the counts of old days from time to time."""
        failure = "Download counts of old days are no longer removed"
        self._background.spawn(self._sweep_regularly(), failure=failure, wait_at_exit=False)

    def note(self, download: Download) -> None:
        """Count one download."""
        tally = self._counting or self._start_tally()
        before = tally.times.get(download)
        if before is not None:
            tally.times[download] = before + 1
        elif len(tally.times) < tally.most:
            tally.times[download] = 1
            if len(tally.times) == self._limits.batch_size:
                self._queue.hurry()
        else:
            self._lost += 1

    def _start_tally(self) -> Tally:
        """Begin to count what comes from now on, in the room that earlier counts leave."""
        waiting = sum(len(tally.times) for tally in self._queue.items(None))
        tally = Tally(datetime.now(UTC), self._limits.max_waiting - waiting)
        self._queue.put(None, tally.at.date(), tally)
        self._counting = tally
        return tally

    async def flush(self) -> None:
        """Write what waits now, and return when that is done."""
        await self._queue.flush()

    async def close(self) -> None:
        """Write what waits, as the process ends."""
        await self._queue.drain(timeouts.DOWNLOAD_COUNTS_DRAIN_SECONDS)

    async def _write_batch(self, _: None, tallies: Sequence[Tally]) -> None:
        self._counting = None
        lost, self._lost = self._lost, 0
        if lost:
            log.warning("%d downloads were not counted: too many counts were waiting.", lost)
        try:
            for tally in tallies:
                while rows := tally.rows(self._limits.batch_size):
                    await threads.record(write_downloads.add, rows)
                    tally.remove(rows)
        except (OperationalError, InterfaceError) as error:
            log.warning("Download counts could not be written and will be written later: %s", error)
            raise WriteLater(timeouts.DOWNLOAD_COUNTS_RETRY_SECONDS) from error

    async def _sweep_regularly(self) -> None:
        while True:
            try:
                await threads.record(write_downloads.remove_old_days, datetime.now(UTC).date())
            except (DatabaseError, InterfaceError) as error:
                log.warning(
                    "Download counts of old days could not be removed and will be removed later:"
                    " %s",
                    error,
                )
            await asyncio.sleep(timeouts.DOWNLOAD_COUNTS_SWEEP_INTERVAL_SECONDS)


def _together(before: Tally, after: Tally) -> Tally:
    # The later one may still be counting, so it stays.
    after.take(before)
    return after


def _note_failure(_: None, tallies: Sequence[Tally], error: Exception) -> None:
    times = sum(sum(tally.times.values()) for tally in tallies)
    log.warning("The counts of %d downloads could not be written: %s", times, error)
