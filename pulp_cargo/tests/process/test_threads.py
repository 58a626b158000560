"""Work that hangs in one pool of threads keeps no other waiting."""

import asyncio
import threading
from typing import Any

import pytest

from pulp_cargo.protocol.unavailable import ServiceUnavailable


def test_storage_that_hangs_keeps_no_publish_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """To sign URLs a storage's client may have to fetch credentials first."""
    from pulp_cargo.app.endpoints.read import send_from_storage
    from pulp_cargo.app.runtime import threads

    answered = threading.Event()
    monkeypatch.setattr(send_from_storage, "_redirect", lambda *_: answered.wait(20))

    async def publish_beside_redirects() -> int:
        nothing: Any = None
        redirects = [send_from_storage.redirect(nothing, nothing, "", {}) for _ in range(8)]
        hanging = asyncio.gather(*redirects)
        await asyncio.sleep(0.1)
        try:
            return await asyncio.wait_for(threads.work(int, "1"), 5)
        finally:
            answered.set()
            await hanging

    assert asyncio.run(publish_beside_redirects()) == 1


def test_storage_that_hangs_keeps_no_record_of_refusals_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor does a long statement of records keep an upload or a commit waiting."""
    from pulp_cargo.app.runtime import threads
    from pulp_cargo.app.runtime.background import BackgroundTasks
    from pulp_cargo.app.services.policies.refusal_log import RefusalLog

    answered = threading.Event()
    written = threading.Event()
    log = RefusalLog(BackgroundTasks())
    monkeypatch.setattr(log, "write", lambda records: written.set())

    async def record_beside_uploads() -> None:
        hanging = asyncio.gather(*(threads.write_slowly(answered.wait, 20) for _ in range(8)))
        await asyncio.sleep(0.1)
        try:
            await asyncio.wait_for(log._write_batch(None, []), 5)
        finally:
            answered.set()
            await hanging

    async def change_beside_records() -> list[int]:
        hanging = asyncio.gather(*(threads.record(answered.wait, 20) for _ in range(8)))
        await asyncio.sleep(0.1)
        try:
            changes = asyncio.gather(threads.write(int, "1"), threads.write_slowly(int, "2"))
            return await asyncio.wait_for(changes, 5)
        finally:
            answered.set()
            await hanging

    asyncio.run(record_beside_uploads())
    assert written.is_set()
    answered.clear()
    assert asyncio.run(change_beside_records()) == [1, 2]


def test_readers_of_a_dead_database_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a bounded time, whether their query hangs or waits for a thread behind others."""
    from pulp_cargo.app.runtime import threads, timeouts

    assert timeouts.READ_TIMEOUT_SECONDS < 30
    monkeypatch.setattr(timeouts, "READ_TIMEOUT_SECONDS", 0.2)
    alive = threading.Event()

    async def read_all() -> list[Any]:
        reads = [threads.read(alive.wait, 20) for _ in range(threads.READER_COUNT * 2)]
        try:
            ends = asyncio.gather(*reads, return_exceptions=True)
            return await asyncio.wait_for(ends, 5)
        finally:
            alive.set()

    answers = asyncio.run(read_all())
    assert [type(answer) for answer in answers] == [ServiceUnavailable] * len(answers)
    assert {answer.status for answer in answers} == {503}


def test_query_that_took_too_long_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL ended it, on a connection that is well."""
    from django.db import OperationalError
    from psycopg.errors import QueryCanceled

    from pulp_cargo.app.runtime import threads

    asked = []

    def query() -> None:
        asked.append(1)
        raise OperationalError from QueryCanceled()

    monkeypatch.setattr(threads.connection, "close", lambda: None)
    with pytest.raises(OperationalError):
        asyncio.run(threads.read(query))
    assert len(asked) == 1


def test_crates_that_take_long_keep_no_index_file_waiting() -> None:
    """Nor do several large ones keep a small one waiting."""
    from pulp_cargo.app.runtime import threads

    read = threading.Event()

    async def work_beside(size: int, *, task: Any) -> Any:
        hanging = asyncio.gather(*(threads.examine(size, read.wait, 20) for _ in range(8)))
        await asyncio.sleep(0.1)
        try:
            return await asyncio.wait_for(task(), 5)
        finally:
            read.set()
            await hanging
            read.clear()

    large = threads.LARGE_FILE_BYTES
    for size in (0, large):
        assert asyncio.run(work_beside(size, task=lambda: threads.work(int, "1"))) == 1
    assert asyncio.run(work_beside(large, task=lambda: threads.examine(0, int, "2"))) == 2


def test_crate_that_gets_no_turn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cargo gives up after 30 seconds; until then it learns that it has to try again."""
    from pulp_cargo.app.runtime import threads, timeouts

    most = timeouts.EXAMINE_TIMEOUT_SECONDS + timeouts.READER_TIMEOUT_SECONDS
    assert most < 30
    monkeypatch.setattr(timeouts, "EXAMINE_TIMEOUT_SECONDS", 0.2)
    read = threading.Event()
    large = threads.LARGE_FILE_BYTES

    async def examine_all() -> list[Any]:
        examined = [threads.examine(large, read.wait, 20) for _ in range(5)]
        asyncio.get_running_loop().call_later(1, read.set)
        return await asyncio.gather(*examined, return_exceptions=True)

    answers = asyncio.run(examine_all())
    turns = threads.LARGE_EXAMINER_COUNT
    assert answers[:turns] == [True] * turns
    assert [type(answer) for answer in answers[turns:]] == [ServiceUnavailable] * (5 - turns)


@pytest.mark.parametrize("size", [1_000, 10_000_000], ids=["small", "large"])
def test_crates_that_are_unpacked_keep_no_other_page_waiting(size: int) -> None:
    """Nor a crate of the other kind; more of them than can wait are refused."""
    from pulp_cargo.app.runtime import threads

    unpacked = threading.Event()
    waiting = {True: threads.UNPACKERS_WAITING, False: threads.LARGE_UNPACKERS_WAITING}
    most = waiting[size < threads.LARGE_FILE_BYTES]._value

    async def visit() -> list[Any]:
        visits = (threads.unpack(size, unpacked.wait, 20) for _ in range(most + 5))
        hanging = asyncio.gather(*visits, return_exceptions=True)
        await asyncio.sleep(0.1)
        try:
            others = threads.make_page(int, "1"), threads.unpack(11_000_000 - size, int, "2")
            assert await asyncio.wait_for(asyncio.gather(*others), 5) == [1, 2]
        finally:
            unpacked.set()
        return await hanging

    answers = asyncio.run(visit())
    assert answers[:most] == [True] * most
    assert [type(answer) for answer in answers[most:]] == [ServiceUnavailable] * 5
