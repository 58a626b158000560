"""A task that holds the repository, as a sync does: a publish waits, and gives up in time."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.faults

# After so many seconds without an answer.
CARGO_GIVES_UP = 30

# A task of pulpcore that does nothing for a while, run by the real worker.
DISPATCH = """
import django; django.setup()
from django_guid import set_guid
from pulpcore.plugin.tasking import dispatch
from pulp_cargo.app.models import CargoRepository
set_guid("tests")
repository = CargoRepository.objects.get(pk="{pk}")
task = dispatch("pulpcore.app.tasks.test.sleep", args=({seconds},), exclusive_resources=[repository])
print(task.pk)
"""


def hold(stack: Stack, registry: Registry, *, seconds: int) -> str:
    """Let a task hold the registry's repository, and return its href once it runs."""
    pk = registry.repository.rstrip("/").rpartition("/")[2]
    environ = os.environ | {
        "PULP_SETTINGS": str(stack.data_dir / "settings.py"),
        "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", DISPATCH.format(pk=pk, seconds=seconds)],
        env=environ,
        cwd=Path(stack.settings["WORKING_DIRECTORY"]),
        capture_output=True,
        text=True,
        check=True,
    )
    href = f"/pulp/api/v3/tasks/{done.stdout.split()[-1]}/"
    assert launcher.wait_for(lambda: stack.rest.get(href)["state"] == "running", seconds=60)
    return href


def cancel(stack: Stack, task: str) -> None:
    """End a task before its time."""
    stack.rest.patch(task, state="canceled")
    assert launcher.wait_for(lambda: stack.rest.get(task)["state"] == "canceled")


def test_publish_waits_for_the_end_of_a_task(stack: Stack, registry: Registry, name: str):
    """It succeeds once the task is over, if that does not take too long [57]."""
    task = hold(stack, registry, seconds=60)
    with ThreadPoolExecutor(1) as pool:
        publish = pool.submit(registry.publish, Crate(name))
        assert not wait({publish}, timeout=2).done
        assert not registry.index(name)
        cancel(stack, task)
        publish.result()
    assert registry.index(name)


def test_publish_gives_up_before_cargo_does(
    stack: Stack, registry: Registry, nothing: NothingStored, name: str
):
    """503 with a sentence within 30 s, nothing stored, and the task goes on [41, 49, 57].

    It takes long because it waits as long as the default of the setting says.
    """
    task = hold(stack, registry, seconds=60)
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


def test_other_repositories_do_not_wait(stack: Stack, registry: Registry, name: str):
    """A task holds what it holds, and nothing else."""
    other = stack.make_registry()
    task = hold(stack, registry, seconds=60)
    other.publish(Crate(name))
    assert stack.rest.get(task)["state"] == "running"
    cancel(stack, task)
