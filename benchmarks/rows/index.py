"""The speed of index files and config.json, compared with nginx and the same files."""

import gzip
from collections.abc import Iterator

from benchmarks import sets
from benchmarks.load import CARGO_HEADERS, Load
from benchmarks.measure import Measure, at_least, at_most
from benchmarks.rows.loads import nginx_load, our_load
from benchmarks.world import World, get
from pulp_cargo.protocol.paths import index_path


def plain(world: World) -> Iterator[Measure]:
    """Random index files of 200 crates."""
    targets = world.tree_paths
    ours, nginx = our_load(world, targets), nginx_load(world, targets)
    yield _rate("index file", ours, nginx, 12_000)
    yield Measure("index file: CPU", ours.cpu_us, "µs", at_most(85), nginx and nginx.cpu_us)
    yield Measure("index file: p99", ours.p99_ms, "ms", at_most(5), nginx and nginx.p99_ms)


def not_modified(world: World) -> Iterator[Measure]:
    """The same with the validators that cargo sends."""
    targets = world.tree_paths
    ours = our_load(world, targets, CARGO_HEADERS, with_etags=True)
    nginx = nginx_load(world, targets, CARGO_HEADERS, with_etags=True)
    yield _rate("index file, If-None-Match", ours, nginx, 12_000)
    yield Measure(
        "index file, If-None-Match: CPU", ours.cpu_us, "µs", at_most(85), nginx and nginx.cpu_us
    )


def config(world: World) -> Iterator[Measure]:
    """config.json."""
    body, _ = get(world.filled, "config.json")
    if world.nginx is not None:
        world.nginx.put("config.json", body)
    targets = ["config.json"]
    yield _rate("config.json", our_load(world, targets), nginx_load(world, targets), 12_000)


def large(world: World) -> Iterator[Measure]:
    """The index file of a crate with 1,000 versions, plain and compressed."""
    name = next(sets.long_history(1)).name
    path = index_path(name)
    body, _ = get(world.with_history, path)
    if world.nginx is not None:
        world.nginx.put(path, body)
        world.nginx.put(f"{path}.gz", gzip.compress(body, 6))
    size = f"index file of {len(body) / 1e3:,.0f} KB"
    for what, headers, bound in (
        (f"{size}, plain", (), 500),
        (f"{size}, gzip", ("accept-encoding: gzip",), 1_500),
    ):
        ours = our_load(world, [path], headers)
        yield _rate(what, ours, nginx_load(world, [path], headers), bound)


def _rate(what: str, ours: Load, nginx: Load | None, bound: float) -> Measure:
    return Measure(
        what,
        ours.per_second,
        "/s",
        at_least(bound),
        nginx and nginx.per_second,
        detail=ours.detail(),
    )
