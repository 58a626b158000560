"""Stopping, in good order or not: no process is left behind, and the next start works."""

import signal
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.serve.launcher import Restartable
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique

pytestmark = pytest.mark.serve


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(serving: Restartable, with_signal: signal.Signals):
    """Ctrl-C, SIGTERM and a closed terminal all end the registry in good order.

    Downloads just before the end, which wait in memory, are counted before the process ends.
    """
    running, name = serving.up(), unique("leaf")
    family = launcher.family(running.process.pid)
    assert len(family) > 8
    registry = _registry(running)
    registry.publish(Crate(name))
    assert [registry.download(name).status for _ in range(3)] == [200, 200, 200]
    assert running.stop(with_signal) == 0
    assert [process for process in family if process.runs] == []
    counts = _registry(serving.up()).get(f"api/v1/crates/{name}/downloads").json()
    assert [one["downloads"] for one in counts["version_downloads"]] == [3]


def _registry(running: launcher.Running) -> Registry:
    url = f"sparse+{running.ready['content_url']}/pulp/cargo/my-crates/"
    return Registry("my-crates", url, running.ready["token"])


def test_nothing_outlives_a_killed_launcher(serving: Restartable):
    """`kill -9` of the launcher ends its children and theirs, and does not stop the next start."""
    registry = serving.up()
    family = launcher.family(registry.process.pid)
    registry.stop(signal.SIGKILL)
    assert launcher.wait_for(lambda: not any(process.runs for process in family))
    assert serving.up().ready["token"] == registry.ready["token"]


def test_next_start_survives_debris_of_postgresql(serving: Restartable):
    """A `postmaster.pid` with the number of an unrelated process is no obstacle."""
    serving.stop()
    data_dir = serving.data_dir
    debris = data_dir / "postgres" / "postmaster.pid"
    debris.write_text(f"1\n{debris.parent}\n1700000000\n5432\n{data_dir}/socket\n\n0 0\nready\n")
    assert serving.up().get("/pulp/cargo/my-crates/config.json") == 200


def test_stopping_while_starting_leaves_nothing(scratch: Path):
    """Ctrl-C is heard before the registry is up, too."""
    process = launcher.launch(scratch / "interrupted")
    assert launcher.wait_for(lambda: len(launcher.family(process.pid)) > 1)
    family = launcher.family(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert [process for process in family if process.runs] == []
