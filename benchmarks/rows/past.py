"""The speed of states of the past: of a version, of a large repository, and of a cache by date."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection

from benchmarks import caches, upstream
from benchmarks.measure import Measure, at_least, at_most, percentile
from benchmarks.rows.cold import NAME, OTHERS
from benchmarks.rows.loads import our_load
from benchmarks.scale import VERSIONS_PER_CRATE
from benchmarks.timing import restart, timed_get
from benchmarks.world import World, get
from pulp_cargo.protocol.paths import index_path

AGED = """
    UPDATE core_repositoryversion version SET pulp_created = version.pulp_created - interval '1 day'
    FROM core_repository repository
    WHERE repository.pulp_id = version.repository_id AND repository.name = %(name)s RETURNING 1
"""
# The variation between two runs of the same load.
THE_SAME = 0.95


def warm(world: World) -> Iterator[Measure]:
    """Random index files of 200 crates, of the registry and of its state now, alternating."""
    paths = world.tree_paths
    state = [f"@{_now()}/{path}" for path in paths]
    # The first reads are those of `cold`.
    for path in (*paths, *state):
        get(world.filled, path)
    turns = [
        [our_load(world, targets).per_second for targets in (paths, state)]
        for _ in range(world.scale.fetches)
    ]
    registry, past = (percentile([turn[i] for turn in turns], 50) for i in (0, 1))
    what = "index file of the past by the registry's"
    yield Measure(what, past / registry, "times", at_least(THE_SAME))


def cold(world: World) -> Iterator[Measure]:
    """Index files of a large repository, each of a state that the process has not looked up."""
    crates = world.scale.huge // VERSIONS_PER_CRATE
    # It was made just now, and the states are those of the last minutes.
    world.stack.query(AGED, {"name": world.huge.name})
    restart(world.stack, world.huge)
    # Every second is a state of its own.
    first = int(datetime.now(UTC).timestamp()) - OTHERS
    took: list[float] = []
    with closing(HTTPConnection(*world.huge.address, timeout=60)) as connection:
        connection.connect()
        for i in range(OTHERS):
            state = datetime.fromtimestamp(first + i, UTC)
            path = index_path(NAME.format(i * 7919 % crates))
            took.append(timed_get(connection, world.huge, f"@{_text(state)}/{path}"))
    yield Measure(
        f"index file of the past not in memory, {world.scale.huge:,} versions, p50",
        percentile(took[1:], 50) * 1e3,
        "ms",
        at_most(10),
        detail={"p99_ms": percentile(took, 99) * 1e3},
    )


def cache(world: World) -> Iterator[Measure]:
    """The index files of the tree through a cache, as of now."""
    with upstream.running() as up:
        for path in world.tree_paths:
            up.put_index_file(path, get(world.filled, path)[0])
        cached = caches.cache_of(world.stack, up.near, index_max_age=3600).registry
        state = [f"@{_now()}/{path}" for path in world.tree_paths]
        ours = our_load(world, state, of=cached)
    yield Measure("index file through a cache by date", ours.per_second, "/s", at_least(8_000))


def _now() -> str:
    return _text(datetime.now(UTC))


def _text(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
