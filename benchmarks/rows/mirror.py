"""The speed at which a git index in the shape of crates.io's is mirrored on demand.

The repository of the index is on the same machine, so the time of git's fetch counts, and that of a
network does not. The times are those of the tasks.
"""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import git_index, proc
from benchmarks.measure import Measure, at_least, at_most
from benchmarks.world import World

# How often the memory of the worker is read, in seconds.
SAMPLED_EVERY = 0.2


def of_git_index(world: World) -> Iterator[Measure]:
    """Mirror an index, then once more with nothing new, and after changes of some crates."""
    crates, changed = world.scale.index_crates, world.scale.index_changes
    with world.another_stack("mirror") as mirror:
        index = mirror.data_dir / "exports" / "index"
        count = git_index.make(index, crates)
        _hand_over(index)
        rest = mirror.rest()
        remote = rest.make(
            "remotes/cargo/cargo/", name="index", url=f"file://{index}", policy="on_demand"
        )
        repository = rest.make("repositories/cargo/cargo/", name="index", remote=remote)
        with _peak(mirror.worker) as peak:
            seconds = rest.run_task(f"{repository}sync/", mirror=True)
        again = rest.run_task(f"{repository}sync/", mirror=True)
        git_index.change(index, crates, changed)
        _hand_over(index)
        refreshed = rest.run_task(f"{repository}sync/", mirror=True)
    what = f"mirror of a git index with {count:,} versions"
    yield Measure(what, count / seconds, "/s", at_least(5_000))
    yield Measure("memory of the worker meanwhile", peak[0], "MB", at_most(400))
    yield Measure("mirror again, nothing new", again * 1e3, "ms", at_most(500))
    yield Measure(f"mirror again, {changed:,} crates changed", refreshed, "s", at_most(20))


def _hand_over(folder: Path) -> None:
    """Let the account of the stack read a repository that root has made."""
    owner = folder.parent.stat()
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{owner.st_uid}:{owner.st_gid}", folder], check=True)


@contextmanager
def _peak(worker: int) -> Iterator[list[float]]:
    """Measure the largest memory of a worker's processes in the block, in MB."""
    found, ended = [0.0], threading.Event()

    def sample() -> None:
        while not ended.wait(SAMPLED_EVERY):
            # A task's process may have ended meanwhile.
            with suppress(OSError):
                found[0] = max(found[0], proc.resident_mb([worker, *proc.children(worker)]))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()
