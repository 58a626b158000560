"""The speed at which a registry is written into folders on the server, beside `cp` of the same files.

The times are those of the exporter's service, in a process that has Django already, as a worker has.
"""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import publishing
from benchmarks.crates import Crate
from benchmarks.measure import Measure, at_most, percentile
from benchmarks.world import World


def static(world: World) -> Iterator[Measure]:
    """Write a static registry, copy it by `cp`, and write it again."""
    count, made, copied = world.scale.filled, [], []
    for number in range(world.scale.fetches):
        folder = world.scratch / f"static-{number}"
        made.append(_export(world, "static", folder))
        copied.append(_copy(folder, world.scratch / f"copy-{number}"))
    first, by_cp = percentile(made, 50), percentile(copied, 50)
    yield Measure(
        f"static export of {count:,} versions by `cp` of its files",
        first / by_cp,
        "times",
        at_most(1.5),
        detail={"seconds": first, "seconds of cp": by_cp},
    )
    again = _export(world, "static", folder)
    yield Measure("static export again, nothing new", again * 1e3, "ms", at_most(1_000))


def git(world: World) -> Iterator[Measure]:
    """Write the whole history as a git index, and then one more version."""
    folder = world.scratch / "index.git"
    first = _export(world, "git", folder)
    yield Measure(
        f"git index of {world.scale.filled:,} versions, one by one", first, "s", at_most(10)
    )
    took = []
    for number in range(world.scale.fetches):
        publishing.one_by_one(world.filled, [Crate("bench-exported", f"1.0.{number}")])
        took.append(_export(world, "git", folder))
    yield Measure(
        "git index, one more version, p50", percentile(took, 50) * 1e3, "ms", at_most(200)
    )


def _export(world: World, kind: str, folder: Path) -> float:
    """Return the seconds of an export of the filled registry."""
    return float(world.stack.inside("export", world.filled.name, kind, str(folder)))


def _copy(folder: Path, to: Path) -> float:
    start = time.perf_counter()
    subprocess.run(["cp", "-r", str(folder), str(to)], check=True)
    return time.perf_counter() - start
