"""The speed of cached index files: of one upstream, of a list of five, and with policies."""

from collections.abc import Iterator, Sequence

from benchmarks import caches, upstream
from benchmarks.crates import Crate
from benchmarks.index_files import index_file
from benchmarks.load import CARGO_HEADERS, Load
from benchmarks.measure import Measure, at_least, at_most, percentile
from benchmarks.rows.loads import nginx_load, our_load, upstream_load
from benchmarks.stack import Registry
from benchmarks.upstream import Upstream
from benchmarks.world import World, get
from pulp_cargo.protocol.paths import index_path

VERSIONS = 100
# Versions newer than a week are refused; the lists are about other crates.
RULES = {
    "cooldown_days": 7,
    "hide_yanked": True,
    "block": [{"crate": "bench-bad-*", "reason": "is not trusted"}],
    "exceptions": [
        {"crate": "bench-needed", "reason": "is needed", "ends": "2999-01-01T00:00:00Z"}
    ],
}
# No file is revalidated during the measurement.
WARM = {"index_max_age": 3600}
# The variation between two runs of the same load.
THE_SAME = 1.05


def warm(world: World) -> Iterator[Measure]:
    """The index files of the tree through a cache, alternating with their registry."""
    paths = world.tree_paths
    with upstream.running() as up:
        cache = _cache_of_tree(world, up)
        # A process gets slower in its first minute, and the speed of a machine varies.
        turns = [
            [_load(world, registry, paths) for registry in (world.filled, cache)]
            for _ in range(world.scale.fetches)
        ]
    private, ours = turns[-1]
    private_us, our_us = (percentile([turn[i].cpu_us for turn in turns], 50) for i in (0, 1))
    nginx = nginx_load(world, paths)
    yield _rate("index file through a cache", ours, 12_000, nginx)
    yield Measure(
        "index file through a cache: CPU by a private registry's",
        our_us / private_us,
        "times",
        at_most(THE_SAME),
        detail=_beside(private, "private"),
    )


def real(world: World) -> Iterator[Measure]:
    """The index files of real crates, requested as by cargo, compared with those of the upstream."""
    closure = world.closure
    paths = list(closure.index)
    with upstream.running() as up:
        up.put_closure(closure)
        cache = caches.cache_of(world.stack, up.near, **WARM).registry
        ours = _load(world, cache, paths, CARGO_HEADERS)
        theirs = upstream_load(world, up, paths, CARGO_HEADERS)
    kilobytes = sum(map(len, closure.index.values())) / len(paths) / 1e3
    what = f"real index file through a cache ({kilobytes:.0f} KB, gzip)"
    yield Measure(what, ours.per_second, "/s", None, theirs.per_second, detail=ours.detail())


def five_upstreams(world: World) -> Iterator[Measure]:
    """The tree from the last of a list, after a private registry and three others without it."""
    paths = world.tree_paths
    with upstream.running() as up:
        beside = _load(world, _cache_of_tree(world, up), paths)
        urls = [f"{up.near}{path}" for path in ("no-1/", "no-2/", "no-3/", "")]
        listed = caches.list_of(world.stack, world.empty(), urls, **WARM)
        ours = _load(world, listed, paths)
    yield _rate("index file from the last of 5 upstreams", ours, 8_000, beside=beside)


def rules(world: World) -> Iterator[Measure]:
    """Two caches, one of them with a crate policy, with index files of 100 versions, alternating."""
    crates = world.scale.ruled
    names = [f"bench-ruled-{number:04}" for number in range(crates)]
    paths = [index_path(name) for name in names]
    with upstream.running() as up:
        for name, path in zip(names, paths, strict=True):
            # Without dependencies, so that all of it fits twice into the memory cache of the
            # process.
            history = [Crate(name, f"1.{patch}.0") for patch in range(VERSIONS)]
            up.put_index_file(path, index_file(history))
        free, ruled = (
            caches.cache_of(world.stack, up.near, crate_policy=policy, **WARM).registry
            for policy in (None, caches.policy(world.stack, RULES))
        )
        refused = _count_lines(free, paths[0]) - _count_lines(ruled, paths[0])
        if not refused:
            raise SystemExit("the crate policy refuses nothing")
        turns = [
            [_load(world, registry, paths, CARGO_HEADERS) for registry in (free, ruled)]
            for _ in range(world.scale.fetches)
        ]
    without, ours = (percentile([turn[i].cpu_us for turn in turns], 50) for i in (0, 1))
    yield Measure(
        f"index file, rules over {crates * VERSIONS:,} versions: CPU by one without rules",
        ours / without,
        "times",
        at_most(THE_SAME),
        detail={
            **_beside(turns[-1][0], "without"),
            **turns[-1][1].detail(),
            "held_of_each": refused,
        },
    )


def _cache_of_tree(world: World, up: Upstream) -> Registry:
    for path in world.tree_paths:
        up.put_index_file(path, get(world.filled, path)[0])
    return caches.cache_of(world.stack, up.near, **WARM).registry


def _load(
    world: World, registry: Registry, paths: Sequence[str], headers: Sequence[str] = ()
) -> Load:
    """Request all files once, and then random ones."""
    for path in paths:
        get(registry, path)
    ours = our_load(world, paths, headers, of=registry)
    if ours.failed:
        raise SystemExit(f"{ours.failed} of {ours.requests} index files did not come")
    return ours


def _count_lines(registry: Registry, path: str) -> int:
    return get(registry, path)[0].count(b"\n")


def _rate(
    what: str, ours: Load, bound: float, nginx: Load | None = None, beside: Load | None = None
) -> Measure:
    theirs = nginx and nginx.per_second
    more = _beside(beside, "one_upstream") if beside else {}
    return Measure(
        what, ours.per_second, "/s", at_least(bound), theirs, detail={**ours.detail(), **more}
    )


def _beside(load: Load, what: str) -> dict[str, float | str]:
    return {f"per_second_{what}": round(load.per_second), f"cpu_us_{what}": round(load.cpu_us, 1)}
