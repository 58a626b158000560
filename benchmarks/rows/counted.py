"""The cost of counting downloads: the same registry with counting, and in a stack without it."""

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks import load, publishing, sets
from benchmarks import stack as stacks
from benchmarks.crates import Crate
from benchmarks.measure import Measure, at_least
from benchmarks.rows.downloads import download_path
from benchmarks.stack import Registry, Stack
from benchmarks.world import World, say
from pulp_cargo.protocol.paths import index_path

WITHOUT = {"PULP_CARGO_COUNT_DOWNLOADS": "false"}
# The two are measured by turns, since the speed of a machine changes.
LEAST_TURNS = 2


def downloads(world: World) -> Iterator[Measure]:
    """Downloads and index files from memory, at random."""
    crates = list(sets.tree(world.scale.tree, 1))
    with stacks.running(world.scratch / "uncounted", environ=WITHOUT) as other:
        say("publishing the tree twice, one at a time")
        both = [(world.stack, _filled(world.stack, crates)), (other, _filled(other, crates))]
        files = [download_path(crate.name, crate.vers) for crate in crates]
        yield _ratio(world, ".crate download", both, files)
        index = [index_path(crate.name) for crate in crates]
        yield _ratio(world, "index file", both, index)


def _filled(stack: Stack, crates: Sequence[Crate]) -> Registry:
    registry = stack.make_registry("bench-counted")
    publishing.one_by_one(registry, crates)
    return registry


def _ratio(
    world: World, what: str, both: Sequence[tuple[Stack, Registry]], paths: Sequence[str]
) -> Measure:
    rates: list[list[float]] = [[], []]
    # The first turn fills the memory.
    for turn in range(max(world.scale.repeats, LEAST_TURNS) + 1):
        for (stack, registry), found in zip(both, rates, strict=True):
            targets = [(registry.path + path, "") for path in paths]
            pids, seconds = stack.content_workers(), world.scale.seconds
            ours = load.run(stack.origin, targets, pids=pids, seconds=seconds)
            if turn:
                found.append(ours.per_second)
    counted, uncounted = (median(found) for found in rates)
    return Measure(
        f"{what}: rate with counting, against without",
        counted / uncounted,
        "",
        at_least(0.98),
        detail={"counted_per_second": counted, "uncounted_per_second": uncounted},
    )
