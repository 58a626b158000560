"""The speed of search, of the list of crates that need a crate, and of publishes beside both."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

from benchmarks import load, publishing, sets, texts
from benchmarks.load import Load
from benchmarks.measure import Measure, at_least, at_most, percentile
from benchmarks.stack import Registry
from benchmarks.timing import timed_get
from benchmarks.world import World

# What one process has to answer. The median is measured at this rate: with as many requests as
# possible it would be that of the queue.
RATE = 400
CARGO = ("user-agent: cargo/1.95.0", "accept: application/json")
PER_PAGE = 10
# The last page that may be requested.
LAST_PAGE = 200


def many(world: World) -> Iterator[Measure]:
    """Search in 10,000 crates for words, names, beginnings of names and names with typing errors."""
    registry, crates = world.searched, world.scale.filled
    paced = _load(world, registry, crates, rate=RATE)
    fastest = _load(world, registry, crates)
    what = f"search, {crates:,} crates, {load.CONNECTIONS} connections"
    p50 = f"{what}, {RATE} a second: p50"
    yield Measure(p50, paced.p50_ms, "ms", at_most(10), detail=paced.detail())
    yield Measure(what, fastest.per_second, "/s", at_least(RATE), detail=fastest.detail())


def huge(world: World) -> Iterator[Measure]:
    """The same in 100,000 crates, after seconds of other searches, which read the indexes first."""
    registry, crates = world.searched_huge, world.scale.huge
    half = world.scale.searches // 2
    first = _load(world, registry, crates, searches=slice(half))
    ours = _load(world, registry, crates, searches=slice(half, None))
    what = f"search, {crates:,} crates, {load.CONNECTIONS} connections"
    detail = {**ours.detail(), "p99_ms_first": first.p99_ms}
    yield Measure(f"{what}: p99", ours.p99_ms, "ms", at_most(100), detail=detail)


def dependents(world: World) -> Iterator[Measure]:
    """Pages of the crates that need a crate which a fifth of 100,000 needs."""
    registry, crates = world.searched_huge, world.scale.huge
    needing = crates // texts.NEEDED_BY_ONE_IN
    last = min(needing // PER_PAGE, LAST_PAGE)
    pages = [1 + number * 7 % last for number in range(world.scale.publishes)]
    path = f"api/v1/crates/{texts.NEEDED}/reverse_dependencies?per_page={PER_PAGE}&page="
    with closing(HTTPConnection(*registry.address, timeout=60)) as connection:
        took = [timed_get(connection, registry, f"{path}{page}") for page in pages]
    yield Measure(
        f"reverse_dependencies of a crate that {needing:,} need, a page, p99",
        percentile(took, 99) * 1e3,
        "ms",
        at_most(50),
        detail={"p50_ms": round(percentile(took, 50) * 1e3, 2)},
    )


def publishes(world: World) -> Iterator[Measure]:
    """Publish by turns into two registries with the same crates, one of them searched each time."""
    searched, other = world.searched, world.never_searched
    prefix = f"beside{world.run_of('beside')}"
    crates = sets.crowd(world.scale.publishes, prefix=prefix, versions=1)
    took: tuple[list[float], list[float]] = ([], [])
    with closing(HTTPConnection(*searched.address, timeout=60)) as connection:
        for crate in crates:
            for registry, found in zip((searched, other), took, strict=True):
                found += publishing.one_by_one(registry, [crate])
            # The catalog is updated by this, and the crate is in it.
            timed_get(connection, searched, f"api/v1/crates?q={crate.name}")
    with_catalog, without = (percentile(found, 50) * 1e3 for found in took)
    yield Measure(
        f"publish into one of {world.scale.filled:,} crates: with a catalog by without",
        with_catalog / without,
        "times",
        at_most(1.1),
        detail={"p50_ms": round(with_catalog, 2), "p50_ms_without": round(without, 2)},
    )


def _load(
    world: World,
    registry: Registry,
    crates: int,
    *,
    rate: int = 0,
    searches: slice = slice(None),
) -> Load:
    names = [crate.name for crate in texts.first(crates)]
    queries = texts.searches(world.scale.searches, names)[searches]
    ours = load.run(
        world.stack.origin,
        [(f"{registry.path}api/v1/crates?{query}", "") for query in queries],
        pids=world.stack.content_workers(),
        seconds=world.scale.seconds,
        enough=world.scale.enough,
        headers=CARGO,
        rate=rate,
    )
    if ours.failed:
        raise SystemExit(f"{ours.failed} of {ours.requests} searches failed")
    return ours
