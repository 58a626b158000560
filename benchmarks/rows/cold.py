"""The first index file that a fresh content process reads, in a large repository."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

from benchmarks.measure import Measure, at_most, percentile
from benchmarks.scale import VERSIONS_PER_CRATE
from benchmarks.stack import Registry
from benchmarks.timing import restart, timed_get
from benchmarks.world import World
from pulp_cargo.protocol.paths import index_path

# The names of generated crates (see `inside`).
NAME = "bench-many-{:06}"
OTHERS = 50


def first_read(world: World) -> Iterator[Measure]:
    """Kill the content process, wait for the next one, and request files for the first time."""
    yield from _first_reads(world, world.huge, world.scale.huge)


def largest(world: World) -> Iterator[Measure]:
    """Do the same in a repository of 1,000,000 versions."""
    yield from _first_reads(world, world.largest, world.scale.largest)


def _first_reads(world: World, registry: Registry, versions: int) -> Iterator[Measure]:
    crates = versions // VERSIONS_PER_CRATE
    firsts: list[float] = []
    others: list[float] = []
    for round_number in range(world.scale.repeats):
        restart(world.stack, registry)
        with closing(HTTPConnection(*registry.address, timeout=60)) as connection:
            connection.connect()
            numbers = [(round_number * OTHERS + i) * 7919 % crates for i in range(OTHERS)]
            paths = [index_path(NAME.format(number)) for number in numbers]
            took = [timed_get(connection, registry, path) for path in paths]
        firsts.append(took[0])
        others += took[1:]
    yield Measure(
        f"first index file after start, repository of {versions:,} versions",
        percentile(firsts, 50) * 1e3,
        "ms",
        at_most(5),
        detail={"most_ms": max(firsts) * 1e3},
    )
    yield Measure(
        f"any further index file not in memory, {versions:,} versions, p50",
        percentile(others, 50) * 1e3,
        "ms",
        at_most(5),
        detail={"p99_ms": percentile(others, 99) * 1e3},
    )
