"""Processes that read .crate files and do not get on: only who publishes waits for them."""

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.cache import make_cache
from pulp_cargo.tests.support.crate import Crate, heavy
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.faults

READER = "pulp_cargo.reader"
# More than there are threads and processes of each kind.
PUBLISHES = 12
LARGE = 2 * 1024 * 1024


@contextmanager
def stopped_readers(stack: Stack) -> Iterator[None]:
    """Stop each process that reads .crate files, and others as soon as they are there."""
    stopped: list[int] = []
    ended = threading.Event()
    content = stack.child("pulp-content").pid

    def stop_all() -> None:
        for process in launcher.family(content):
            if process.pid not in stopped and READER in process.command:
                launcher.send(process.pid, signal.SIGSTOP)
                stopped.append(process.pid)

    def stop_new() -> None:
        # It has to be quicker than a new process is ready to read, which starts Python before.
        while not ended.wait(0.02):
            stop_all()

    stop_all()
    watch = threading.Thread(target=stop_new)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        watch.join()
        for pid in stopped:
            launcher.send(pid, signal.SIGCONT)


def ended(publishing: list[Future[Answer]]) -> list[int]:
    """Return the statuses of the publishes that have one."""
    return [one.result().status for one in publishing if one.done()]


@pytest.mark.parametrize("size", [1_000, LARGE], ids=["small", "large"])
def test_index_files_do_not_wait_for_publishes(
    stack: Stack, registry: Registry, name: str, size: int
) -> None:
    """Nor do those that a policy has to be applied to, which takes a thread."""
    policy = stack.rest.make(
        "cargo/crate-policies/", name=unique("p"), block=[{"crate": name, "versions": "=2.0.0"}]
    )
    with sparse_upstream.running() as upstream:
        cache = make_cache(stack, upstream.index_url, crate_policy=policy["pulp_href"])
        upstream.have(Crate(name), Crate(name, "2.0.0"))
        crates = [heavy(f"{name}-{number}", size) for number in range(PUBLISHES)]
        with ThreadPoolExecutor(PUBLISHES) as pool:
            # Each process has readers afterwards.
            list(pool.map(registry.publish, (Crate(f"{crate.name}-warm") for crate in crates)))
        with ThreadPoolExecutor(PUBLISHES) as pool, stopped_readers(stack):
            publishing = [pool.submit(registry.send, crate) for crate in crates]
            # Their bodies have come, and their files wait to be read.
            time.sleep(1)
            for _ in range(8):
                began = time.monotonic()
                assert [one["vers"] for one in cache.registry.index(name)] == ["1.0.0"]
                assert time.monotonic() - began < 5
            assert not all(one.done() for one in publishing)
            # The others have waited for their turn, and are told to come again.
            assert launcher.wait_for(lambda: 503 in ended(publishing))
    assert set(ended(publishing)) <= {200, 503}
