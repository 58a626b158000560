"""The first index file that a fresh content process reads, in a large repository."""

import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

from benchmarks.measure import Measure, at_most, percentile
from benchmarks.stack import Registry
from benchmarks.world import World
from pulp_cargo.protocol.paths import index_path

# The names of generated crates (see `inside`).
NAME = "bench-many-{:06}"
OTHERS = 50
# Long enough for the new process to connect its listener.
SETTLING_SECONDS = 1.0


def first_read(world: World) -> Iterator[Measure]:
    """Kill the content process, wait for the next one, and request files for the first time."""
    crates = world.scale.huge // 5
    firsts: list[float] = []
    others: list[float] = []
    for round_number in range(world.scale.repeats):
        _restart(world)
        with closing(HTTPConnection(*world.huge.address, timeout=60)) as connection:
            connection.connect()
            numbers = [(round_number * OTHERS + i) * 7919 % crates for i in range(OTHERS)]
            took = [_read(connection, world.huge, NAME.format(number)) for number in numbers]
        firsts.append(took[0])
        others += took[1:]
    yield Measure(
        f"first index file after start, repository of {world.scale.huge:,} versions",
        percentile(firsts, 50) * 1e3,
        "ms",
        at_most(5),
        detail={"most_ms": max(firsts) * 1e3},
    )
    yield Measure(
        "any further index file not in memory, p50",
        percentile(others, 50) * 1e3,
        "ms",
        at_most(5),
        detail={"p99_ms": percentile(others, 99) * 1e3},
    )


def _restart(world: World) -> None:
    old = world.stack.content_workers()
    world.stack.crash_content_workers()
    while not (set(world.stack.content_workers()) - set(old)):
        time.sleep(0.02)
    # Not a registry's path: the response shows that the process runs, and does not warm our caches.
    with closing(HTTPConnection(*world.huge.address, timeout=60)) as connection:
        connection.request("GET", "/nothing-of-ours")
        connection.getresponse().read()
    time.sleep(SETTLING_SECONDS)


def _read(connection: HTTPConnection, registry: Registry, name: str) -> float:
    start = time.perf_counter()
    connection.request("GET", registry.path + index_path(name))
    response = connection.getresponse()
    body = response.read()
    took = time.perf_counter() - start
    if response.status != 200:
        raise SystemExit(f"{name}: {response.status} {body[:300]!r}")
    return took
