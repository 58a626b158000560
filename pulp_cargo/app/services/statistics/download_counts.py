"""Counting downloads: in memory when they are sent, and in the database a few seconds later.

On the event loop a download costs the increment of a number. A process that is killed loses the
counts of the last `DOWNLOAD_COUNTS_MAX_AGE_SECONDS`; one that ends writes them first.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, OperationalError

from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.runtime.write_behind import Limits, WriteBehind, WriteLater
from pulp_cargo.app.services.statistics import write_downloads
from pulp_cargo.app.services.statistics.write_downloads import Row

log = logging.getLogger(__name__)

# While the database does not answer, counts beyond this are lost; an entry takes about 300 bytes.
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
    """The downloads of a version in the few seconds since `at`, counted for the day of `at`."""

    download: Download
    at: datetime
    times: int = 1

    @property
    def day(self) -> date:
        """The day in UTC to which the downloads belong."""
        return self.at.date()


class DownloadCounts:
    """The downloads of this process that are not written yet."""

    def __init__(self, background: BackgroundTasks, limits: Limits = LIMITS) -> None:
        self._background = background
        # The tallies that still count; those of a batch that is being written do not.
        self._counting: dict[Download, Tally] = {}
        self._queue: WriteBehind[None, tuple[Download, date], Tally] = WriteBehind(
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
        tally = self._counting.get(download)
        if tally is not None:
            tally.times += 1
            return
        tally = Tally(download, datetime.now(UTC))
        if self._queue.put(None, (download, tally.day), tally):
            self._counting[download] = tally
        else:
            self._lost += 1

    async def flush(self) -> None:
        """Write what waits now, and return when that is done."""
        await self._queue.flush()

    async def close(self) -> None:
        """Write what waits, as the process ends."""
        await self._queue.drain(timeouts.DOWNLOAD_COUNTS_DRAIN_SECONDS)

    async def _write_batch(self, _: None, tallies: Sequence[Tally]) -> None:
        for tally in tallies:
            if self._counting.get(tally.download) is tally:
                del self._counting[tally.download]
        lost, self._lost = self._lost, 0
        if lost:
            log.warning("%d downloads were not counted: too many counts were waiting.", lost)
        rows = [Row(*one.download, day=one.day, at=one.at, times=one.times) for one in tallies]
        try:
            await threads.record(write_downloads.add, rows)
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
    after.times += before.times
    return after


def _note_failure(_: None, tallies: Sequence[Tally], error: Exception) -> None:
    times = sum(tally.times for tally in tallies)
    log.warning("The counts of %d downloads could not be written: %s", times, error)
