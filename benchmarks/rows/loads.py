"""The same load on the registry and on nginx."""

from collections.abc import Sequence

from benchmarks import load
from benchmarks.load import Load
from benchmarks.stack import Registry
from benchmarks.upstream import Upstream
from benchmarks.world import World


def our_load(
    world: World,
    paths: Sequence[str],
    headers: Sequence[str] = (),
    *,
    with_etags: bool = False,
    of: Registry | None = None,
) -> Load:
    """Request these paths from the filled registry, or another one of ours."""
    pids = world.stack.content_workers()
    below = [(of or world.filled).path + path for path in paths]
    return _load(world, world.stack.origin, below, pids, headers, with_etags)


def upstream_load(
    world: World, upstream: Upstream, paths: Sequence[str], headers: Sequence[str] = ()
) -> Load:
    """Request these paths from an upstream of ours."""
    below = [f"/{path}" for path in paths]
    return _load(world, upstream.near.removesuffix("/"), below, upstream.workers(), headers, False)


def nginx_load(
    world: World, paths: Sequence[str], headers: Sequence[str] = (), *, with_etags: bool = False
) -> Load | None:
    """Request these paths from nginx, if it is running."""
    if world.nginx is None:
        return None
    below = [f"/{path}" for path in paths]
    return _load(world, world.nginx.origin, below, world.nginx.workers(), headers, with_etags)


def _load(
    world: World,
    origin: str,
    paths: Sequence[str],
    pids: list[int],
    headers: Sequence[str],
    with_etags: bool,
) -> Load:
    targets = [(path, load.etag_of(origin, path, headers) if with_etags else "") for path in paths]
    seconds, enough = world.scale.seconds, world.scale.enough
    return load.run(origin, targets, pids=pids, seconds=seconds, enough=enough, headers=headers)
