"""A crashed child is restarted, and the registry answers again at the same place."""

from collections.abc import Iterator

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.serve.launcher import Process, Restartable, Running

pytestmark = pytest.mark.serve

CONFIG = "/pulp/cargo/my-crates/config.json"


@pytest.fixture(scope="module", autouse=True)
def restart(serving: Restartable) -> Iterator[None]:
    """Leave no registry to other tests that has lost its preloaded process."""
    yield
    serving.stop()


@pytest.mark.parametrize("command", ["pulp-content", "pulp-api", "pulp-worker", "bin/postgres"])
def test_crashed_child_is_restarted(registry: Running, command: str):
    """`kill -9` of any child heals by itself within seconds."""
    status = f"{registry.ready['api_url']}/pulp/api/v3/status/"
    # One that another test has killed may just be starting.
    assert launcher.wait_for(lambda: registry.child(command) is not None)
    crashed = registry.child(command)
    launcher.kill(crashed.pid)
    assert launcher.wait_for(lambda: registry.child(command) not in (None, crashed))
    assert launcher.wait_for(lambda: registry.get(CONFIG) == launcher.get(status) == 200)


def test_clients_wait_for_a_crashed_content_app(registry: Running):
    """The launcher holds the port: a request during the restart is answered, not refused."""
    crashed = launcher.family(registry.child("pulp-content").pid)
    launcher.kill(crashed[0].pid)
    assert launcher.wait_for(lambda: not any(process.runs for process in crashed))
    assert registry.get(CONFIG) == 200


def test_successors_are_forked_while_the_preloaded_process_runs(registry: Running):
    """A crashed process is back without loading Pulp again; without that process it loads it."""
    preloaded = registry.child("pulp-preloaded")
    program = preloaded.program
    assert crash_content(registry).program == program
    launcher.kill(preloaded.pid)
    assert launcher.wait_for(lambda: not preloaded.runs)
    assert crash_content(registry).program != program
    assert registry.get(CONFIG) == 200
    assert registry.child("pulp-preloaded") is None


def crash_content(registry: Running) -> Process:
    """Kill the content app; return its successor."""
    assert launcher.wait_for(lambda: registry.child("pulp-content") is not None)
    crashed = launcher.family(registry.child("pulp-content").pid)
    launcher.kill(crashed[0].pid)
    # Its own processes end a moment later, and until then look like a successor.
    assert launcher.wait_for(lambda: not any(process.runs for process in crashed))
    assert launcher.wait_for(lambda: registry.child("pulp-content") is not None)
    return registry.child("pulp-content")
