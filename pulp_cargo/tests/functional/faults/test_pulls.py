"""`kill -9` and a database that is gone, in the middle of pulls, over two content processes."""

import http.client
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.cache import CRATES, Cache, make_cache
from pulp_cargo.tests.support.crate import Crate, heavy
from pulp_cargo.tests.support.rest import Refused
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, at, file_path
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.traces import unfinished_uploads
from pulp_cargo.tests.support.upstream_faults import held

pytestmark = pytest.mark.faults

CONTENT = "pulp-content"
POSTGRES = "bin/postgres"
LARGE = 5_000_000


@pytest.fixture
def upstream() -> Iterator[SparseUpstream]:
    """An upstream registry without crates."""
    with sparse_upstream.running() as server:
        yield server


@pytest.fixture
def cache(stack: Stack, upstream: SparseUpstream) -> Cache:
    """A cache of it."""
    return make_cache(stack, upstream.index_url)


def status(cache: Cache, crate: Crate) -> int:
    """Return the status of a download, 0 where it broke off; the bytes must be right."""
    try:
        answer = cache.registry.download(crate.name, crate.vers)
    except (OSError, http.client.HTTPException):
        return 0
    assert answer.status != 200 or answer.body == crate.packed()
    return answer.status


def all_come(cache: Cache, crates: list[Crate]) -> bool:
    """Whether every crate can be had, asked for a second time if need be."""
    try:
        return all(status(cache, crate) == 200 for crate in crates) and cache.version >= 0
    except Refused:
        return False


def kill_content(stack: Stack, *, whole: bool) -> None:
    """Kill the processes that answer, or the one that starts them; in the end none of them answers."""
    family = launcher.family(stack.child(CONTENT).pid)
    for process in family[:1] if whole else family[1:]:
        launcher.kill(process.pid)
    # Those whose parent was killed see that a little later.
    ending = family if whole else family[1:]
    assert wait_for(lambda: not any(process.runs for process in ending))


@pytest.mark.parametrize("whole", [True, False], ids=["all of it", "the processes that answer"])
def test_content_app_killed_in_a_pull(
    stack: Stack, upstream: SparseUpstream, cache: Cache, name: str, whole: bool
) -> None:
    """Nothing of the half file is kept or lies about, and the next client gets the whole."""
    before = unfinished_uploads(stack)
    crate = heavy(name, LARGE)
    upstream.have(crate)
    cache.change(sock_read_timeout=30)
    with ThreadPoolExecutor(3) as pool, held(upstream, file_path(crate), sent=1_000_000):
        asking = [pool.submit(status, cache, crate) for _ in range(3)]
        assert wait_for(lambda: file_path(crate) in upstream.paths(name))
        kill_content(stack, whole=whole)
        assert {one.result() for one in asking} == {0}
    assert cache.rest.list(CRATES, name=name) == []
    assert wait_for(lambda: all_come(cache, [crate]))
    assert cache.keeps(f"{name} 1.0.0")
    assert wait_for(lambda: unfinished_uploads(stack) <= before)


def test_killed_before_the_files_have_joined(
    stack: Stack, upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """Who asks again brings them in; none is there by halves, and none is lost."""
    crates = [Crate(f"{name}-{number}") for number in range(10)]
    for crate in crates:
        upstream.have(crate)
    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(lambda crate: status(cache, crate), crates)) == {200}
    kill_content(stack, whole=True)
    assert wait_for(lambda: all_come(cache, crates))
    assert cache.keeps(*(f"{crate.name} 1.0.0" for crate in crates))
    with upstream.switched_off():
        assert all_come(cache, crates)


def test_index_outlives_the_processes(
    stack: Stack, upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """What is known is in the database, so it is served stale after a restart, too."""
    upstream.have(Crate(name))
    good = cache.registry.index_file(name).body
    # It is written a little later.
    assert wait_for(lambda: cache.knows(name))
    with upstream.switched_off():
        kill_content(stack, whole=True)
        ok = lambda: launcher.get(f"{cache.registry.url}config.json") == 200  # noqa: E731
        assert wait_for(ok)
        answer = cache.registry.index_file(name)
        assert (answer.status, answer.body) == (200, good)
        assert "age" in answer.headers


def test_database_killed_during_pulls(
    stack: Stack, upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """Clients get their files or a 5xx; afterwards all can be had, and all are kept.

    It takes as long as PostgreSQL needs to recover, and a cache to store sixty files after that.
    """
    crates = [Crate(f"{name}-{number}") for number in range(60)]
    for crate in crates:
        upstream.have(crate)
    statuses: list[int] = []
    half_way = threading.Event()

    def pull(crate: Crate) -> None:
        statuses.append(status(cache, crate))
        if len(statuses) >= 20:
            half_way.set()

    with ThreadPoolExecutor(4) as pool:
        pulling = [pool.submit(pull, crate) for crate in crates]
        assert half_way.wait(60)
        launcher.kill(stack.child(POSTGRES).pid)
        for one in pulling:
            one.result()
    assert set(statuses) <= {200, 0, 502, 503}
    assert statuses.count(200) >= 15
    assert wait_for(lambda: all_come(cache, crates))
    assert cache.keeps(*(f"{crate.name} 1.0.0" for crate in crates))
    assert len(cache.rest.list(CRATES, name__startswith=name, limit=100)) == len(crates)


def test_two_processes_pull_the_same_crates(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """Each asks the upstream at most once, and everything is kept once."""
    crates = [Crate(f"{name}-{number}") for number in range(10)]
    for crate in crates:
        upstream.have(crate)
    with ThreadPoolExecutor(20) as pool:
        found = set(pool.map(lambda crate: status(cache, crate), crates * 6))
    assert found == {200}
    assert cache.keeps(*(f"{crate.name} 1.0.0" for crate in crates))
    assert cache.version <= 6
    for crate in crates:
        assert upstream.paths(name).count(file_path(crate)) <= 2
        assert len(cache.rest.list(CRATES, name=crate.name)) == 1


def test_change_shows_in_every_process(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """Whichever of them asked the upstream."""
    for count in range(1, 6):
        upstream.have(*(Crate(name, f"1.{number}.0") for number in range(count)))
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda _: len(cache.registry.index(name)), range(8)))
        assert found == {count}
    assert len(upstream.asked_for(at(name))) <= 40
