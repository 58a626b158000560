"""Work that hangs in one pool of threads keeps no other waiting."""

import asyncio
import threading
from typing import Any

import pytest


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
        hanging = asyncio.gather(*(threads.upload(answered.wait, 20) for _ in range(8)))
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
            changes = asyncio.gather(threads.write(int, "1"), threads.upload(int, "2"))
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
    from pulp_cargo.protocol.unavailable import ServiceUnavailable

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
