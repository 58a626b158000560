"""Many concurrent clients of an empty cache: its upstream requests, stored files and memory."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks import caches, downloading, proc, upstream
from benchmarks.crates import Crate
from benchmarks.index_files import index_line
from benchmarks.measure import Measure, at_most
from benchmarks.rows.downloads import PeakMemory
from benchmarks.upstream import SLOW
from benchmarks.world import World
from pulp_cargo.protocol.paths import index_path

TASKS = "SELECT count(*) FROM core_task"


def all_crates(world: World) -> Iterator[Measure]:
    """Every crate of a closure once, from many clients: repository versions and tasks."""
    closure, clients = world.closure, world.scale.clients
    wanted = list(closure.files)
    with upstream.running() as up:
        up.put_closure(closure)
        with caches.forgetting(caches.cache_of(world.stack, up.near)) as cache:
            before = _tasks(world)
            seconds = downloading.spread(cache.registry, wanted, clients=clients)
            cache.wait_until_joined(len(wanted))
            tasks, versions = _tasks(world) - before, cache.versions()
    what = f"{len(wanted)} new crates, {clients} clients at once:"
    detail = {"seconds": round(seconds, 3)}
    yield Measure(f"{what} repository versions", versions, "", at_most(10), detail=detail)
    yield Measure(f"{what} tasks", tasks, "", at_most(10))


def one_crate(world: World) -> Iterator[Measure]:
    """One large crate that is not cached, requested by many clients at once."""
    clients, size = world.scale.clients, world.scale.new_bytes
    crate = Crate(SLOW, "1.0.0", payload_bytes=size)
    pids = world.stack.content_workers()
    with upstream.running() as up:
        data = crate.archive(up.near)
        line = index_line(crate, hashlib.sha256(data).hexdigest(), datetime.now(UTC))
        up.put_index_file(index_path(crate.name), line)
        up.put_crate(crate.name, crate.vers, data)
        cache = caches.cache_of(world.stack, up.near)
        before = proc.resident_mb(pids)
        with PeakMemory(pids) as peak:
            seconds = downloading.same(cache.registry, (crate.name, crate.vers), clients=clients)
        files, index_files = up.count("/crates/"), up.count(f"/{index_path(crate.name)}")
    what = f"new crate of {size / 1e6:.0f} MB, {clients} clients at once:"
    detail = {"seconds": round(seconds, 3)}
    yield Measure(f"{what} downloads from the upstream", files, "", at_most(1), detail=detail)
    yield Measure(f"{what} index files from the upstream", index_files, "", at_most(1))
    grown = max(peak.mb - before, 0)
    yield Measure(f"{what} memory grows by", grown, "MB", at_most(40), detail={"MB_before": before})


def _tasks(world: World) -> int:
    return int(world.stack.query(TASKS)[0][0])
