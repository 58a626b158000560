"""Each step of a publish is the last one of its process: what cargo was told is there afterwards."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from pulp_cargo.app.runtime.steps import STEPS
from pulp_cargo.tests.functional.faults.conftest import CONTENT_WORKERS, elsewhere
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.faults

SIGNALS = (signal.SIGKILL, signal.SIGTERM)
FILE_SYSTEMS = ("one", "two")
LOCK = "SELECT pg_advisory_lock(%s, hashtext(%s))"
LOCK_CLASS = 0x6361_7267
MOST_PATIENT = 15
WAITING = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture(scope="module", autouse=True)
def one_process(stack: Stack) -> Iterator[None]:
    """Have a single content process, so that nothing is answered by one that was not stopped."""
    parent = stack.child("pulp-content").pid
    launcher.send(parent, signal.SIGTTOU)
    assert launcher.wait_for(lambda: len(launcher.children(parent)) == 1)
    yield
    for _ in range(CONTENT_WORKERS - 1):
        launcher.send(parent, signal.SIGTTIN)
    assert launcher.wait_for(lambda: len(launcher.children(parent)) == CONTENT_WORKERS)


@pytest.fixture
def working(request: pytest.FixtureRequest, stack: Stack, memory: Path) -> Iterator[Path]:
    """Where files come: on the file system on which they stay, or in memory."""
    place = Path(stack.settings["WORKING_DIRECTORY"])
    if request.param == "one":
        yield place
        return
    with elsewhere(stack, {"WORKING_DIRECTORY": memory}):
        yield place


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize(
    "working", FILE_SYSTEMS, indirect=True, ids=lambda count: f"{count}-file-systems"
)
@pytest.mark.parametrize("step", STEPS)
def test_publish_is_there_whole_or_not_at_all(
    stack: Stack,
    registry: Registry,
    steps: Path,
    working: Path,
    name: str,
    step: str,
    number: signal.Signals,
) -> None:
    """Whoever was told 200 finds it; whoever was told nothing publishes again, or finds it, too."""
    stopped = stack.content_process()
    (steps / step).write_text(str(int(number)))
    crate = Crate(name)
    status = answer(registry, crate)
    assert not (steps / step).exists(), "the process went past the step"
    assert launcher.wait_for(lambda: has_successor(stack, registry, stopped))
    found = whole(registry, crate)
    if status == 200:
        assert found
    elif not found:
        assert registry.send(crate).status == 200
    assert whole(registry, crate)
    assert launcher.wait_for(lambda: not list(working.glob("crate-*")))


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize(
    "working", FILE_SYSTEMS, indirect=True, ids=lambda count: f"{count}-file-systems"
)
def test_process_that_ends_while_a_publish_waits_stores_no_part(
    stack: Stack, registry: Registry, name: str
) -> None:
    """The file belongs to the commit until its verdict, whoever gave up waiting for that."""
    crate = Crate(name)
    repository = registry.repository.rstrip("/").rpartition("/")[2]
    with ThreadPoolExecutor(1) as pool, stack.connect() as holder:
        holder.execute(LOCK, [LOCK_CLASS, repository])
        sending = pool.submit(answer, registry, crate)
        assert launcher.wait_for(lambda: is_waiting(stack))
        stopped = stack.content_process()
        os.kill(stopped, signal.SIGTERM)
        # The process cuts its clients off after a while, and the commit is still under way.
        launcher.wait_for(sending.done, seconds=MOST_PATIENT)
        holder.execute("SELECT pg_advisory_unlock_all()")
        status = sending.result()
    assert launcher.wait_for(lambda: has_successor(stack, registry, stopped))
    if not whole(registry, crate):
        assert status != 200
        assert registry.send(crate).status == 200
    assert whole(registry, crate)


def is_waiting(stack: Stack) -> bool:
    """Whether a commit waits for the repository."""
    with stack.connect() as connection:
        return connection.execute(WAITING).fetchone() is not None


def answer(registry: Registry, crate: Crate) -> int:
    """Return the status of a publish, 0 for no answer."""
    try:
        return registry.send(crate).status
    except (OSError, HTTPException):
        return 0


def has_successor(stack: Stack, registry: Registry, stopped: int) -> bool:
    """Whether a process has ended, which may take requests until then, and another one answers."""
    there = launcher.children(stack.child("pulp-content").pid)
    return bool(there) and stopped not in there and answers(registry)


def answers(registry: Registry) -> bool:
    """Whether the content app is there again."""
    try:
        return registry.request("GET", "config.json").status == 200
    except (OSError, HTTPException):
        return False


def whole(registry: Registry, crate: Crate) -> bool:
    """Whether the index has a version; then its file is there with every byte."""
    lines = registry.index(crate.name)
    assert len(lines) <= 1
    if lines:
        file = registry.download(crate.name)
        assert (file.status, file.body) == (200, crate.packed(registry.index_url))
    return bool(lines)
