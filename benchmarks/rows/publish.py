"""The duration of a publish, in repositories of all sizes, and its disk usage."""

from collections.abc import Iterator, Sequence

from benchmarks import publishing, sets
from benchmarks.measure import Measure, Target, at_least, at_most, percentile
from benchmarks.stack import Registry
from benchmarks.world import World
from pulp_cargo.protocol.paths import index_path

CLIENTS = 32


def empty(world: World) -> Iterator[Measure]:
    """Publish one at a time into a repository that starts empty."""
    yield from _one_at_a_time(world, "an empty repository", world.empty(), "empty", at_most(15))


def filled(world: World) -> Iterator[Measure]:
    """Publish one at a time into a repository of 10,000 versions."""
    where = f"one of {world.scale.filled:,} versions"
    yield from _one_at_a_time(world, where, world.filled, "filled", at_most(18))


def huge(world: World) -> Iterator[Measure]:
    """Publish one at a time into a repository of 100,000 versions."""
    where = f"one of {world.scale.huge:,} versions"
    yield from _one_at_a_time(world, where, world.huge, "huge", at_most(45))


def largest(world: World) -> Iterator[Measure]:
    """Publish one at a time into a repository of 1,000,000 versions."""
    registry, where = world.largest, f"one of {world.scale.largest:,} versions"
    before = world.stack.query("SELECT pg_current_wal_lsn()::text")[0][0]
    yield from _one_at_a_time(world, where, registry, "largest")
    written = world.stack.query(
        "SELECT pg_current_wal_lsn() - %(before)s::pg_lsn", {"before": before}
    )
    megabytes = float(written[0][0]) / world.scale.publishes / 1e6
    yield Measure(f"publish into {where}, write-ahead log", megabytes, "MB")


def database(world: World) -> Iterator[Measure]:
    """The database's size after 10,000 publishes one at a time, and the linearity of its growth."""
    sizes = [size / 1e6 for size in world.quarter_sizes()]
    tables = world.stack.query(
        "SELECT relname, round(pg_total_relation_size(oid) / 1e6, 1)::float8 FROM pg_class"
        " WHERE relkind = 'r' ORDER BY 2 DESC LIMIT 6"
    )
    growth = {f"MB after quarter {i}": round(size, 1) for i, size in enumerate(sizes, start=1)}
    yield Measure(
        f"database after {world.scale.filled:,} publishes, one at a time",
        sizes[-1],
        "MB",
        at_most(400),
        detail={**growth, **{f"MB of {name}": size for name, size in tables}},
    )
    yield Measure(
        "database: growth in the last quarter by that in the second",
        (sizes[3] - sizes[2]) / (sizes[1] - sizes[0] or 1),
        "times",
    )


def at_once(world: World) -> Iterator[Measure]:
    """Publish from many clients into one repository; each version must exist afterwards."""
    registry, run = world.filled, world.run_of("at once")
    crates = list(sets.crowd(world.scale.at_once, prefix=f"atonce{run}", versions=2))
    before = world.stack.cpu_seconds()
    seconds, each = publishing.at_once(registry, crates, clients=CLIENTS)
    cpu = world.stack.cpu_seconds() - before
    paths = sorted({index_path(crate.name) for crate in crates})
    lost = len(crates) - publishing.count_published(registry, paths)
    yield Measure(
        f"publish, {CLIENTS} at once, into one repository of {world.scale.filled:,}",
        len(each) / seconds,
        "/s",
        at_least(150),
        detail=_spread(each) | {"refused": len(crates) - len(each)},
    )
    yield Measure(f"publish, {CLIENTS} at once: CPU of all processes", cpu / len(each) * 1e3, "ms")
    yield Measure(f"publish, {CLIENTS} at once: lost", lost, "crates", at_most(0))


def history(world: World) -> Iterator[Measure]:
    """Publish alternately a version of a crate with 1,000 versions, and a new crate."""
    registry = world.with_history
    count, run = world.scale.publishes, world.run_of("history")
    old = sets.long_history(count, first=world.scale.many_versions + run * count)
    new = sets.crowd(count, prefix=f"fresh{run}", versions=1)
    crates = [crate for pair in zip(old, new, strict=True) for crate in pair]
    took = publishing.one_by_one(registry, crates)
    known, fresh = (percentile(took[i::2], 50) * 1e3 for i in (0, 1))
    yield Measure(
        f"publish into a crate of {world.scale.many_versions:,} versions by that of a new one",
        known / fresh,
        "times",
        at_most(1.5),
        detail={"p50_ms": round(known, 2), "p50_ms_new": round(fresh, 2)},
    )


def _one_at_a_time(
    world: World, where: str, registry: Registry, prefix: str, target: Target | None = None
) -> Iterator[Measure]:
    count = world.scale.publishes
    crates = sets.crowd(count, prefix=f"{prefix}{world.run_of(prefix)}", versions=1)
    before = world.stack.cpu_seconds()
    took = publishing.one_by_one(registry, crates)
    cpu = world.stack.cpu_seconds() - before
    p50 = percentile(took, 50) * 1e3
    yield Measure(f"publish into {where}, p50", p50, "ms", target, detail=_spread(took))
    yield Measure(f"publish into {where}, CPU of all processes", cpu / count * 1e3, "ms")


def _spread(seconds: Sequence[float]) -> dict[str, float | str]:
    return {f"p{n}_ms": round(percentile(seconds, n) * 1e3, 2) for n in (10, 50, 90, 99)}
