"""The page for probes, while PostgreSQL does not answer or is gone."""

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from pulp_cargo.tests.functional.endpoints.test_health import health
from pulp_cargo.tests.functional.faults.conftest import CONTENT_WORKERS
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.faults

BEATEN = """
    SELECT count(*) FROM core_appstatus WHERE app_type = 'content' AND last_heartbeat > %s
"""


def _health(registry: Registry) -> Answer | None:
    try:
        return health(registry)
    except OSError:
        return None


def _is(registry: Registry, status: int, said: str) -> bool:
    answer = _health(registry)
    return answer is not None and answer.status == status and answer.json()["status"] == said


def _have_beaten(connection: psycopg.Connection[tuple[Any, ...]], since: datetime) -> bool:
    """Whether each content process that runs has written a heartbeat since a moment."""
    row = connection.execute(BEATEN, [since]).fetchone()
    assert row is not None
    return int(row[0]) == CONTENT_WORKERS


def test_database_that_hangs_is_503(stack: Stack, registry: Registry):
    """The probe gets its answer all the same, and 200 again once the database goes on."""
    assert launcher.wait_for(lambda: _is(registry, 200, "ok"))
    postgres = launcher.family(stack.child("bin/postgres").pid)
    for process in postgres:
        launcher.send(process.pid, signal.SIGSTOP)
    try:
        assert launcher.wait_for(lambda: _is(registry, 503, "unavailable"))
        answer = health(registry)
        assert answer.json()["database"] is False
    finally:
        for process in reversed(postgres):
            launcher.send(process.pid, signal.SIGCONT)
    assert launcher.wait_for(lambda: _is(registry, 200, "ok"))


def test_database_that_comes_back_is_noticed(stack: Stack, registry: Registry):
    """Also when it was killed: every process connects and listens again by itself."""
    launcher.kill(stack.child("bin/postgres").pid)
    assert launcher.wait_for(lambda: not _is(registry, 200, "ok"))
    # Several, since each may come to another process.
    healed = lambda: all(_is(registry, 200, "ok") for _ in range(6))  # noqa: E731
    assert launcher.wait_for(healed)


def test_readers_do_not_wait_for_a_database_that_hangs(stack: Stack, registry: Registry, name: str):
    """Cargo gives up at 30 seconds, without a word; so more of them than there are threads hear 503.

    That takes the 20 seconds after which readers give up, and so does this test.
    """
    since = datetime.now(UTC)
    assert launcher.wait_for(lambda: _is(registry, 200, "ok"))
    # A process of Pulp that has to connect for its heartbeat while nobody answers ends itself.
    with stack.connect() as connection:
        assert launcher.wait_for(lambda: _have_beaten(connection, since))
    postgres = launcher.family(stack.child("bin/postgres").pid)
    for process in postgres:
        launcher.send(process.pid, signal.SIGSTOP)
    try:
        names = [f"{name}-{number}" for number in range(12)]
        with ThreadPoolExecutor(len(names)) as pool:
            answers = list(pool.map(registry.index_file, names))
        assert {answer.status for answer in answers} == {503}
    finally:
        for process in reversed(postgres):
            launcher.send(process.pid, signal.SIGCONT)
    assert launcher.wait_for(lambda: registry.index_file(name).status == 404)
