"""A stack of its own, with two content processes, for the tests that hurt it.

One for all of them, since starting one takes several seconds of CPU time: what a module needs
otherwise, such as other file systems, it changes while the stack runs, and undoes at its end.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support.changing import ChangingSetting
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack, started
from pulp_cargo.tests.support.traces import unfinished_uploads

CONTENT_WORKERS = 2


@pytest.fixture(scope="package")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a file stops a content process at a step."""
    return tmp_path_factory.mktemp("steps")


@pytest.fixture(scope="package")
def memory() -> Iterator[Path]:
    """A folder in memory, a file system of its own; processes that start there remain there."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.fixture(scope="package")
def least_free(tmp_path_factory: pytest.TempPathFactory) -> ChangingSetting:
    """How many bytes have to be free on the disks."""
    return ChangingSetting.of("CARGO_MIN_FREE_BYTES", 0, tmp_path_factory.mktemp("settings"))


@pytest.fixture(scope="package")
def stack(
    open_directory: Path, steps: Path, memory: Path, least_free: ChangingSetting
) -> Iterator[Stack]:
    """A running Pulp, of which any process may be killed, and which uses a disk to the last byte.

    It ends before the folder in memory does.
    """
    environ = {"PULP_CARGO_TESTS_STEPS": str(steps), **least_free.environ}
    data_dir = open_directory / "faults"
    with started(data_dir, f"--content-workers={CONTENT_WORKERS}", environ=environ) as own:
        yield own


@pytest.fixture(scope="package")
def registry(stack: Stack) -> Registry:
    """The registry that is there from the start."""
    return stack.registry


@contextmanager
def elsewhere(stack: Stack, places: dict[str, Path]) -> Iterator[None]:
    """Have folders of a running Pulp, by the names of their settings, in other places for a while."""
    # A file that is on its way would not be found in its new place.
    assert wait_for(lambda: not unfinished_uploads(stack))
    moved = {Path(stack.settings[name]): place for name, place in places.items()}
    for folder, place in moved.items():
        folder.rename(_usual(folder))
        folder.symlink_to(place)
    try:
        yield
        assert wait_for(lambda: not unfinished_uploads(stack))
    finally:
        for folder in moved:
            folder.unlink()
            _usual(folder).rename(folder)


def _usual(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-usual")
