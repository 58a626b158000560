"""The time in which the packages of lock files are mirrored with their files, beside `cargo fetch`.

The upstream is on the same machine, and the time of a mirror is that of its task.
"""

import re
from collections.abc import Iterator

from benchmarks import caches, upstream
from benchmarks.closure import Closure
from benchmarks.measure import Measure, at_most, percentile
from benchmarks.world import World

LOCK_FILES = 5
PACKAGE = re.compile(r"^\[\[package\]\]$", re.MULTILINE)


def of_lock_files(world: World) -> Iterator[Measure]:
    """Mirror the packages of five lock files, and fetch the same ones with cargo."""
    closure = world.closure
    locks = _parts(closure.lock)
    ours: list[float] = []
    straight: list[float] = []
    with upstream.running() as up:
        up.put_closure(closure)
        for _ in range(world.scale.fetches):
            straight.append(closure.fetch_from(f"sparse+{up.near}"))
            ours.append(_mirror(world, closure, up.near, locks))
    yield Measure(
        f"mirror of {len(closure.files)} crates of {LOCK_FILES} lock files by `cargo fetch`",
        percentile(ours, 50) / percentile(straight, 50),
        "times",
        at_most(1.5),
        detail={"seconds": percentile(ours, 50), "seconds_other": percentile(straight, 50)},
    )


def _parts(lock: str) -> list[str]:
    """Return lock files that have a part of the packages each."""
    head, *packages = PACKAGE.split(lock)
    return [
        head + "".join(f"[[package]]{package}" for package in packages[first::LOCK_FILES])
        for first in range(LOCK_FILES)
    ]


def _mirror(world: World, closure: Closure, url: str, locks: list[str]) -> float:
    """Return the seconds of a mirror into a Pulp that has none of the files."""
    with caches.forgetting(caches.mirror_of(world.stack, url)) as made:
        seconds = made.rest.run_task(f"{made.repository}sync/", lock_files=locks, crates_io=True)
        made.wait_until_joined(len(closure.files))
        return seconds
