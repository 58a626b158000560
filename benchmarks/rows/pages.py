"""The speed of the web page of a crate with many versions."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from http.client import HTTPConnection

from benchmarks import publishing
from benchmarks.measure import Measure, at_most, percentile
from benchmarks.sets import PAGED, paged
from benchmarks.timing import restart, timed_get
from benchmarks.world import World

PATH = f"crates/{PAGED}"


def crate(world: World) -> Iterator[Measure]:
    """The page after each publish of the crate, and then again and again."""
    registry, versions, count = world.paged, world.scale.many_versions, world.scale.publishes
    later = paged(count, first=versions)
    with closing(HTTPConnection(*registry.address, timeout=60)) as connection:
        timed_get(connection, registry, PATH)
        cold = []
        for one in later:
            publishing.one_by_one(registry, [one])
            cold.append(timed_get(connection, registry, PATH))
        warm = [timed_get(connection, registry, PATH) for _ in range(count)]
    what = f"page of a crate of {versions:,} versions"
    yield _measure(f"{what}, after a publish of it", cold, 60)
    yield _measure(f"{what}, again", warm, 5)


def first_read(world: World) -> Iterator[Measure]:
    """The page as the first request to a fresh process."""
    registry, versions = world.paged, world.scale.many_versions
    took = []
    for _ in range(world.scale.repeats):
        restart(world.stack, registry)
        with closing(HTTPConnection(*registry.address, timeout=60)) as connection:
            connection.connect()
            took.append(timed_get(connection, registry, PATH))
    yield _measure(f"page of a crate of {versions:,} versions, first after start", took, 60)


def _measure(what: str, seconds: Sequence[float], bound: float) -> Measure:
    p50, p99 = (percentile(seconds, n) * 1e3 for n in (50, 99))
    return Measure(f"{what}: p50", p50, "ms", at_most(bound), detail={"p99_ms": round(p99, 2)})
