"""Counting downloads in a content process: which responses count, and what is written."""

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

if TYPE_CHECKING:
    from pulp_cargo.app.services.statistics.download_counts import Download, DownloadCounts
    from pulp_cargo.app.services.statistics.write_downloads import Row

REGISTRY = UUID(int=7)


def download(name: str = "leaf", vers: str = "1.0.0") -> "Download":
    """What is counted."""
    from pulp_cargo.app.services.statistics.download_counts import Download

    return Download(str(REGISTRY), name, vers)


class Store:
    """Takes the rows instead of the database."""

    def __init__(self) -> None:
        self.batches: list[list[tuple[str, str, int]]] = []
        self.fails: list[Exception] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def add(self, rows: "Sequence[Row]") -> None:
        """Note what would be written."""
        self.meanwhile()
        if self.fails:
            raise self.fails.pop(0)
        self.batches.append([(row.name, row.vers, row.times) for row in rows])


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """Where counts are written."""
    from pulp_cargo.app.services.statistics import download_counts

    async def run(task: Callable[..., None], *args: Any) -> None:
        task(*args)

    found = Store()
    monkeypatch.setattr(download_counts.write_downloads, "add", found.add)
    monkeypatch.setattr(download_counts.threads, "record", run)
    monkeypatch.setattr(download_counts.timeouts, "DOWNLOAD_COUNTS_RETRY_SECONDS", 0.01)
    return found


def new_counts(seconds: float = 3600.0, **limits: int) -> "DownloadCounts":
    """Make counts that are written after so long."""
    from pulp_cargo.app.runtime.background import BackgroundTasks
    from pulp_cargo.app.services.statistics.download_counts import LIMITS, DownloadCounts

    return DownloadCounts(
        BackgroundTasks(),
        dataclasses.replace(LIMITS, quiet_seconds=seconds, max_age_seconds=seconds, **limits),
    )


def test_downloads_are_added_up(store: Store) -> None:
    """Per version, until they are written; what comes later is counted anew."""

    async def scene() -> None:
        counts = new_counts()
        for _ in range(3):
            counts.note(download())
        counts.note(download(vers="1.1.0"))
        await counts.flush()
        counts.note(download())
        await counts.flush()

    asyncio.run(scene())
    assert store.batches == [[("leaf", "1.0.0", 3), ("leaf", "1.1.0", 1)], [("leaf", "1.0.0", 1)]]


def test_downloads_during_a_write_are_counted(store: Store) -> None:
    """They are in the next batch."""

    async def scene() -> None:
        counts = new_counts(0.01)
        counts.note(download())
        later = [download(), download()]
        store.meanwhile = lambda: counts.note(later.pop()) if later else None
        await counts.flush()

    asyncio.run(scene())
    assert store.batches == [[("leaf", "1.0.0", 1)]] * 3


def test_counts_wait_for_a_database_that_is_away(store: Store) -> None:
    """Together with what comes meanwhile, and nothing is counted twice."""
    from django.db import OperationalError

    store.fails = [OperationalError("gone"), OperationalError("gone")]

    async def scene() -> int:
        counts = new_counts(0.01)
        noted = 0
        while store.fails:
            counts.note(download())
            noted += 1
            await asyncio.sleep(0.002)
        counts.note(download())
        await counts.flush()
        return noted + 1

    noted = asyncio.run(scene())
    assert sum(times for batch in store.batches for _, _, times in batch) == noted


def test_process_that_ends_writes_what_waits(store: Store) -> None:
    """It does not wait until it is due."""

    async def scene() -> None:
        counts = new_counts()
        counts.note(download())
        await counts.close()

    asyncio.run(scene())
    assert store.batches == [[("leaf", "1.0.0", 1)]]


def test_what_has_no_room_is_not_counted(store: Store) -> None:
    """Memory is bounded while the database is away; known versions still count."""

    async def scene() -> None:
        counts = new_counts(max_waiting=1)
        counts.note(download())
        counts.note(download("other"))
        counts.note(download())
        await counts.flush()

    asyncio.run(scene())
    assert store.batches == [[("leaf", "1.0.0", 2)]]


def test_room_is_limited_while_the_database_is_away(store: Store) -> None:
    """What is to be written again takes its part of the room, and leaves the rest."""
    from django.db import OperationalError

    store.fails = [OperationalError("gone")]

    counts = new_counts(max_waiting=3)

    def note_more() -> None:
        if store.fails:
            counts.note(download("c"))
            counts.note(download("d"))

    async def scene() -> None:
        counts.note(download("a"))
        counts.note(download("b"))
        store.meanwhile = note_more
        writing = asyncio.create_task(counts.flush())
        await asyncio.sleep(0.005)
        counts.note(download("e"))
        counts.note(download("a"))
        await writing

    asyncio.run(scene())
    assert [sorted(batch) for batch in store.batches] == [
        [("a", "1.0.0", 2), ("b", "1.0.0", 1), ("c", "1.0.0", 1)]
    ]


def test_statement_has_a_limited_number_of_rows(store: Store) -> None:
    """And what one has written is not written again if the next one fails."""
    from django.db import OperationalError

    errors = [OperationalError("gone")]

    def fail_once() -> None:
        if store.batches and errors:
            store.fails.append(errors.pop())

    async def scene() -> None:
        counts = new_counts(0.01, batch_size=2)
        for name in "abc":
            counts.note(download(name))
        store.meanwhile = fail_once
        await counts.flush()

    asyncio.run(scene())
    assert store.batches == [
        [("a", "1.0.0", 1), ("b", "1.0.0", 1)],
        [("c", "1.0.0", 1)],
    ]


def test_full_statement_is_written_at_once(store: Store) -> None:
    """Memory would fill up if so many had to wait until they are due."""

    async def scene() -> None:
        counts = new_counts(batch_size=2)
        counts.note(download("a"))
        await asyncio.sleep(0.01)
        assert store.batches == []
        counts.note(download("b"))
        await asyncio.sleep(0.01)

    asyncio.run(scene())
    assert store.batches == [[("a", "1.0.0", 1), ("b", "1.0.0", 1)]]


def test_batch_that_cannot_be_written_is_dropped(store: Store) -> None:
    """An error that would come again does not block what follows."""
    from django.db import DataError

    store.fails = [DataError("no")]

    async def scene() -> None:
        counts = new_counts()
        counts.note(download())
        await counts.flush()
        counts.note(download("other"))
        await counts.flush()

    asyncio.run(scene())
    assert store.batches == [[("other", "1.0.0", 1)]]


class Process:
    """A content process that notes what is counted."""

    def __init__(self) -> None:
        self.noted: list[Download] = []
        self.counts = SimpleNamespace(note=self.noted.append)


def request(process: Process, method: str, sent: dict[str, str]) -> web.Request:
    """Make a request to a process."""
    from pulp_cargo.app.endpoints.process import PROCESS

    app: Any = {PROCESS: process}
    return make_mocked_request(method, "/", headers=sent, app=app)


@pytest.mark.parametrize(
    ("method", "sent", "status", "headers", "is_download"),
    [
        ("GET", {}, 200, {}, True),
        ("HEAD", {}, 200, {}, False),
        ("GET", {"If-None-Match": '"a"'}, 304, {}, False),
        ("GET", {"If-None-Match": '"b"'}, 200, {}, True),
        ("GET", {"Range": "bytes=5-"}, 206, {"Content-Range": "bytes 5-9/10"}, False),
        ("GET", {"Range": "bytes=0-4"}, 206, {"Content-Range": "bytes 0-4/10"}, True),
        ("GET", {"Range": "bytes=-5"}, 206, {"Content-Range": "bytes 5-9/10"}, False),
        ("GET", {"Range": "bytes=5-", "If-Range": '"b"'}, 200, {}, True),
        ("GET", {"Range": "bytes=99-"}, 416, {"Content-Range": "bytes */10"}, False),
        ("GET", {}, 302, {}, True),
        ("HEAD", {}, 302, {}, False),
        ("GET", {"Range": "bytes=0-"}, 302, {}, True),
        ("GET", {"Range": "bytes=5-"}, 302, {}, False),
        ("GET", {}, 503, {}, False),
    ],
)
def test_a_download_has_the_first_byte(
    method: str,
    sent: dict[str, str],
    status: int,
    headers: dict[str, str],
    is_download: bool,
) -> None:
    """A whole file, its beginning, or a redirect to it."""
    from pulp_cargo.app.endpoints.read.download import count

    process = Process()
    response = web.Response(status=status, headers=headers)
    count(request(process, method, sent), response, download())
    assert process.noted == [download()] * is_download


@pytest.mark.parametrize(
    ("sent", "is_download"),
    [
        ({}, True),
        ({"Range": "bytes=5-"}, False),
        ({"Range": "bytes=0-"}, True),
        ({"If-None-Match": "*"}, False),
        ({"If-Modified-Since": "Mon, 02 Mar 2026 12:00:05 GMT"}, False),
    ],
)
def test_response_of_core_is_decided_by_the_request(
    sent: dict[str, str], is_download: bool
) -> None:
    """Its status is only known when it has been sent."""
    from pulp_cargo.app.endpoints.read.download import count

    process = Process()
    count(request(process, "GET", sent), web.FileResponse(__file__), download())
    assert process.noted == [download()] * is_download


def test_nothing_is_counted_without_the_setting() -> None:
    """The setting switches it off."""
    from django.test import override_settings

    from pulp_cargo.app.endpoints.read.download import countable

    registry: Any = SimpleNamespace(pk=REGISTRY)
    assert countable(registry, "leaf", "1.0.0") == download()
    with override_settings(CARGO_COUNT_DOWNLOADS=False):
        assert countable(registry, "leaf", "1.0.0") is None
