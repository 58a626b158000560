"""`cargo fetch` of real crates: straight from an upstream, through a cache of it, and without it."""

from collections.abc import Iterator

from benchmarks import caches, upstream
from benchmarks.closure import Closure
from benchmarks.measure import Measure, Target, at_most, percentile
from benchmarks.stack import Stack
from benchmarks.upstream import Upstream
from benchmarks.world import World


def near(world: World) -> Iterator[Measure]:
    """An empty cache of a local upstream."""
    yield _cold(world, "near", at_most(2))


def far(world: World) -> Iterator[Measure]:
    """An empty cache of an upstream with a latency of 30 ms."""
    yield _cold(world, "far", at_most(1.2))


def switched_off(world: World) -> Iterator[Measure]:
    """A complete cache of an upstream that is down, alternating with a private registry."""
    closure, stack = world.closure, world.stack
    ours: list[float] = []
    private: list[float] = []
    with upstream.running() as up:
        up.put_closure(closure)
        with caches.forgetting(caches.cache_of(stack, up.near)) as cache:
            closure.fetch_from(cache.registry.index_url)
            cache.wait_until_joined(len(closure.files))
            up.switch_off()
            with caches.forgetting(caches.private(stack, closure)) as beside:
                for _ in range(world.scale.fetches):
                    private.append(closure.fetch_from(beside.registry.index_url))
                    ours.append(closure.fetch_from(cache.registry.index_url))
    yield _compared(
        closure, "warm, upstream off, by a private registry's", ours, private, at_most(1.3)
    )


def _cold(world: World, how: str, target: Target) -> Measure:
    closure = world.closure
    straight: list[float] = []
    ours: list[float] = []
    with upstream.running() as up:
        up.put_closure(closure)
        url = up.near if how == "near" else up.far
        for _ in range(world.scale.fetches):
            straight.append(closure.fetch_from(f"sparse+{url}"))
            ours.append(_through_new_cache(world.stack, closure, up, url))
    return _compared(closure, f"cold, {how} upstream, by straight from it", ours, straight, target)


def _through_new_cache(stack: Stack, closure: Closure, up: Upstream, url: str) -> float:
    before = up.count("/crates/")
    with caches.forgetting(caches.cache_of(stack, url)) as cache:
        seconds = closure.fetch_from(cache.registry.index_url)
        cache.wait_until_joined(len(closure.files))
    asked = up.count("/crates/") - before
    if asked != len(closure.files):
        raise SystemExit(f"the new cache asked for {asked} of {len(closure.files)} .crate files")
    return seconds


def _compared(
    closure: Closure, what: str, ours: list[float], others: list[float], target: Target
) -> Measure:
    our_p50, their_p50 = percentile(ours, 50), percentile(others, 50)
    return Measure(
        f"cargo fetch of {len(closure.files)} crates, {what}",
        our_p50 / their_p50,
        "times",
        target,
        detail={"seconds": round(our_p50, 3), "seconds_other": round(their_p50, 3)},
    )
