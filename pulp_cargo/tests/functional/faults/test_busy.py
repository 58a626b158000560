"""A sync that holds its repository: a publish waits, and gives up in time."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.cache import REMOTES
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.sparse_upstream import EVERYWHERE, SparseUpstream
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.upstream_faults import hang

pytestmark = pytest.mark.faults

# After so many seconds without an answer.
CARGO_GIVES_UP = 30
# Longer than any of these tests takes.
PATIENT = {"sock_read_timeout": 300, "total_timeout": 300}


@pytest.fixture
def upstream() -> Iterator[SparseUpstream]:
    """An upstream registry that never responds."""
    with sparse_upstream.running() as server:
        server.faults[EVERYWHERE] = hang
        yield server


def hold(stack: Stack, registry: Registry, upstream: SparseUpstream) -> str:
    """Let a sync hold the registry's repository, and return its task once it waits for the upstream."""
    rest = stack.rest
    remote = rest.make(REMOTES, name=unique("up"), url=upstream.index_url, **PATIENT)
    url = rest.url(f"{registry.repository}sync/")
    started = rest.session.post(url, json={"remote": remote["pulp_href"]})
    task = str(started.json()["task"])
    assert launcher.wait_for(lambda: bool(upstream.asked))
    assert rest.get(task)["state"] == "running"
    return task


def cancel(stack: Stack, task: str) -> None:
    """End a task before its time."""
    stack.rest.patch(task, state="canceled")
    assert launcher.wait_for(lambda: stack.rest.get(task)["state"] == "canceled")


def test_publish_waits_for_the_end_of_a_task(
    stack: Stack, registry: Registry, upstream: SparseUpstream, name: str
):
    """It succeeds once the task is over, if that does not take too long [57]."""
    task = hold(stack, registry, upstream)
    with ThreadPoolExecutor(1) as pool:
        publish = pool.submit(registry.publish, Crate(name))
        assert not wait({publish}, timeout=2).done
        assert not registry.index(name)
        cancel(stack, task)
        publish.result()
    assert registry.index(name)


def test_publish_gives_up_before_cargo_does(
    stack: Stack, registry: Registry, upstream: SparseUpstream, nothing: NothingStored, name: str
):
    """503 with a sentence within 30 s, nothing stored, and the task goes on [41, 49, 57].

    It takes long because it waits as long as the default of the setting says.
    """
    task = hold(stack, registry, upstream)
    with nothing(registry, name):
        begun = time.monotonic()
        answer = registry.send(Crate(name))
        assert 10 < time.monotonic() - begun < CARGO_GIVES_UP
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "busy" in answer.detail
    assert stack.rest.get(task)["state"] == "running"
    assert registry.get("config.json").status == 200, "reads do not wait"
    cancel(stack, task)
    registry.publish(Crate(name))


def test_other_repositories_do_not_wait(
    stack: Stack, registry: Registry, upstream: SparseUpstream, name: str
):
    """A task holds what it holds, and nothing else."""
    other = stack.make_registry()
    task = hold(stack, registry, upstream)
    other.publish(Crate(name))
    assert stack.rest.get(task)["state"] == "running"
    cancel(stack, task)
