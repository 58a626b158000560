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
    """Write a static registry, beside `cp` of one, and write it again.

    File systems depend on what was done before: ext4 without a journal, for example, passes over the
    inodes that were deleted in the last half minute. So the two take turns at being the first of a
    pair, and nothing is deleted meanwhile.
    """
    source, made, copied = world.scratch / "static-0", [], []
    _export(world, "static", source)
    for number in range(1, world.scale.repeats + 1):
        folder, copy = world.scratch / f"static-{number}", world.scratch / f"copy-{number}"
        if number % 2:
            made.append(_export(world, "static", folder))
            copied.append(_copy(source, copy))
        else:
            copied.append(_copy(source, copy))
            made.append(_export(world, "static", folder))
    ratios = [ours / theirs for ours, theirs in zip(made, copied, strict=True)]
    yield Measure(
        f"static export of {world.scale.filled:,} versions by `cp` of its files",
        percentile(ratios, 50),
        "times",
        at_most(1.5),
        detail={"seconds": percentile(made, 50), "seconds of cp": percentile(copied, 50)},
    )
    again = _export(world, "static", source)
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
