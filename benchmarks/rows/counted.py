"""The cost of counting downloads: two equal stacks, one with counting and one without."""

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks import load, publishing, sets
from benchmarks.crates import Crate
from benchmarks.measure import Measure, at_least, percentile
from benchmarks.rows.downloads import download_path
from benchmarks.stack import Registry, Stack
from benchmarks.world import World, say
from pulp_cargo.protocol.paths import index_path

WITHOUT = {"PULP_CARGO_COUNT_DOWNLOADS": "false"}
# The speed of a machine changes by more than counting costs, so the two are measured by turns, each
# turn beginning with the other one.
SECONDS = 2


def downloads(world: World) -> Iterator[Measure]:
    """Downloads and index files from memory, at random."""
    crates = list(sets.tree(world.scale.tree, 1))
    # Neither is the stack of the other rows, whose process has more in memory.
    with (
        world.another_stack("counted") as counting,
        world.another_stack("uncounted", environ=WITHOUT) as other,
    ):
        say("publishing the tree twice, one at a time")
        both = [(one, _filled(one, crates)) for one in (counting, other)]
        index = [index_path(crate.name) for crate in crates]
        yield _ratio(world, "index file", both, index)
        files = [download_path(crate.name, crate.vers) for crate in crates]
        yield _ratio(world, ".crate download", both, files)


def _filled(stack: Stack, crates: Sequence[Crate]) -> Registry:
    registry = stack.make_registry("bench-counted")
    publishing.one_by_one(registry, crates)
    return registry


def _ratio(
    world: World, what: str, both: Sequence[tuple[Stack, Registry]], paths: Sequence[str]
) -> Measure:
    rates: list[list[float]] = [[], []]
    # The first turn fills the memory.
    for turn in range(world.scale.turns + 1):
        for place in (0, 1) if turn % 2 else (1, 0):
            rate = _rate(world, *both[place], paths)
            if turn:
                rates[place].append(rate)
    ratios = [counted / uncounted for counted, uncounted in zip(*rates, strict=True)]
    return Measure(
        f"{what}: rate with counting, by that without",
        median(ratios),
        "times",
        at_least(0.98),
        detail={
            "counted_per_second": median(rates[0]),
            "uncounted_per_second": median(rates[1]),
            **{f"p{n}": round(percentile(ratios, n), 4) for n in (25, 75)},
        },
    )


def _rate(world: World, stack: Stack, registry: Registry, paths: Sequence[str]) -> float:
    targets = [(registry.path + path, "") for path in paths]
    pids, enough = stack.content_workers(), world.scale.enough
    ours = load.run(stack.origin, targets, pids=pids, seconds=SECONDS, enough=enough)
    if ours.failed:
        raise SystemExit(f"{ours.failed} of {ours.requests} requests failed")
    return ours.per_second
