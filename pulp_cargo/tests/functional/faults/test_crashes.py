"""`kill -9` in the middle of publishes: what was answered is there, and nothing by halves."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import psycopg
import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, Stack
from pulp_cargo.tests.support.traces import unfinished_uploads

pytestmark = pytest.mark.faults

CRATES = 100
CLIENTS = 8
KILL_AFTER = 40
WORKER = "SELECT 1 FROM core_appstatus WHERE app_type = 'worker' AND name LIKE %s"


class Publishing:
    """A hundred publishes by eight clients, with something to be done in the middle."""

    def __init__(self, registry: Registry, prefix: str) -> None:
        self.registry = registry
        self.crates = [Crate(f"{prefix}-{number}") for number in range(CRATES)]
        self.answered: dict[str, int] = {}
        self.half_way = threading.Event()

    def run(self) -> None:
        """Publish everything."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self._publish, self.crates))

    def _publish(self, crate: Crate) -> None:
        try:
            self.answered[crate.name] = self.registry.send(crate).status
        except (OSError, HTTPException):
            self.answered[crate.name] = 0
        if len(self.answered) >= KILL_AFTER:
            self.half_way.set()


@pytest.mark.parametrize(
    "victim",
    ["pulp-content", "a process of pulp-content", "pulp-worker", "bin/postgres"],
)
def test_killed_process(stack: Stack, registry: Registry, name: str, victim: str):
    """Everything answered 200 is there with the right checksum; the rest is there whole or not."""
    before = unfinished_uploads(stack)
    publishing = Publishing(registry, name)
    thread = threading.Thread(target=publishing.run)
    thread.start()
    assert publishing.half_way.wait(60)
    launcher.kill(_pid(stack, victim))
    thread.join()
    assert launcher.wait_for(lambda: _is_healthy(stack, registry, f"{name}-healed"))
    statuses = publishing.answered.values()
    assert list(statuses).count(200) >= KILL_AFTER // 2
    assert set(statuses) <= {200, 0, 503}, "an interrupted publish is no other error"
    for crate in publishing.crates:
        _check(registry, crate, must_be_there=publishing.answered[crate.name] == 200)
    assert unfinished_uploads(stack) <= before


def test_index_follows_after_a_restart_of_the_database(stack: Stack, registry: Registry, name: str):
    """Every process listens again within seconds, and serves nothing old meanwhile [39, 95]."""
    registry.publish(Crate(name))
    registry.index(name)
    launcher.kill(_pid(stack, "bin/postgres"))
    assert launcher.wait_for(lambda: _is_healthy(stack, registry, f"{name}-healed"))
    for number in range(10):
        registry.publish(Crate(name, f"2.{number}.0"))
        found = {len(registry.index(name)) for _ in range(6)}
        assert found == {number + 2}


def test_task_that_waits_for_the_next_worker(stack: Stack):
    """What is dispatched while no worker lives is done when there is one, which wakes it."""
    launcher.kill(_pid(stack, "pulp-worker"))
    name = unique("late")
    assert stack.rest.make(DISTRIBUTIONS, name=name, base_path=name)["base_path"] == name


def _pid(stack: Stack, victim: str) -> int:
    words = victim.removeprefix("a process of ")
    process = stack.child(words)
    return process.pid if words == victim else stack.content_process()


def _is_healthy(stack: Stack, registry: Registry, name: str) -> bool:
    """Whether a worker is there, and a publish works, by one that may be repeated."""
    try:
        worker = f"{stack.child('pulp-worker').pid}@"
        # The API is asked last, since its answer takes most time.
        with stack.connect() as connection:
            if connection.execute(WORKER, [f"{worker}%"]).fetchone() is None:
                return False
        if registry.send(Crate(name)).status not in (200, 400):
            return False
        workers = stack.rest.get("status/")["online_workers"]
        return any(one["name"].startswith(worker) for one in workers)
    except (OSError, HTTPException, LookupError, Refused, psycopg.OperationalError):
        return False


def _check(registry: Registry, crate: Crate, *, must_be_there: bool) -> None:
    entries = registry.index(crate.name)
    file = registry.download(crate.name)
    assert len(entries) == 1 if must_be_there else len(entries) <= 1
    assert file.status == (200 if entries else 404)
    if entries:
        assert hashlib.sha256(file.body).hexdigest() == entries[0]["cksum"]
        assert file.body == crate.packed(registry.index_url)
