"""Many clients at once: one fetch for all who wait, and nobody waits who has no need to."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate, heavy
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, at, file_path
from pulp_cargo.tests.support.traces import nothing_left
from pulp_cargo.tests.support.upstream_faults import held

CLIENTS = 20
# More than sockets and servers keep on their way.
LARGE = 12_000_000
PATIENT: dict[str, Any] = {"sock_read_timeout": 30}


@contextmanager
def waiting(
    upstream: SparseUpstream, path: str, ask: Callable[[], Answer], clients: int = CLIENTS
) -> Iterator[list["Future[Answer]"]]:
    """Have clients wait for the upstream, which answers at the end of this."""
    with ThreadPoolExecutor(clients) as pool, held(upstream, path):
        asking = [pool.submit(ask) for _ in range(clients)]
        assert wait_for(lambda: bool(upstream.asked_for(path)))
        yield asking
        assert not any(one.done() for one in asking)


def test_one_fetch_of_an_index_file(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """Twenty clients wait for it."""
    upstream.have(Crate(name))
    cache = cache_of(upstream, index_max_age=3600, **PATIENT)
    with waiting(upstream, at(name), lambda: cache.registry.index_file(name)) as asking:
        pass
    answers = [one.result() for one in asking]
    assert {answer.status for answer in answers} == {200}
    assert {answer.body for answer in answers} == {upstream.pages[at(name)].body}
    assert len(upstream.asked_for(at(name))) == 1


@pytest.mark.parametrize("policy", ["on_demand", "immediate"])
@pytest.mark.parametrize("size", [0, 3_000_000], ids=["small", "large"])
def test_one_fetch_of_a_file(
    upstream: SparseUpstream, cache_of: CacheOf, name: str, policy: str, size: int
) -> None:
    """Each of them gets the whole file, and it is kept once."""
    crate = heavy(name, size)
    upstream.have(crate)
    cache = cache_of(upstream, policy=policy, **PATIENT)
    cache.registry.index(name)
    path = file_path(crate)
    with waiting(upstream, path, lambda: cache.registry.download(name)) as asking:
        pass
    assert {one.result().status for one in asking} == {200}
    assert {one.result().body for one in asking} == {crate.packed()}
    assert upstream.paths(name).count(path) == 1
    assert cache.keeps(f"{name} 1.0.0")
    assert cache.version == 1


@pytest.mark.faults
def test_reads_of_others_go_on_while_an_upstream_hangs(
    upstream: SparseUpstream, cache_of: CacheOf, registry: Registry, name: str
) -> None:
    """Of other registries, of what is known here, and of what another upstream has."""
    names = [f"{name}-{number}" for number in range(20)]
    for one in names:
        registry.publish(Crate(one))
    upstream.have(Crate(name))
    cache = cache_of(upstream, **PATIENT)
    assert cache.registry.download(name).status == 200
    upstream.have(Crate(f"{name}-new"))
    path = at(f"{name}-new")
    ask = lambda: cache.registry.index_file(f"{name}-new")  # noqa: E731
    with waiting(upstream, path, ask, 60) as asking:
        for one in names:
            assert registry.index(one)
            assert registry.download(one).status == 200
        assert cache.registry.get("config.json").status == 200
        assert cache.registry.download(name).status == 200
    assert {one.result().status for one in asking} == {200}


@pytest.mark.faults
def test_other_crates_of_an_upstream_that_hangs_with_one(
    upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """A slow file is not the others' business."""
    crates = [Crate(f"{name}-{number}") for number in range(5)]
    for crate in crates:
        upstream.have(crate)
    cache = cache_of(upstream, **PATIENT)
    cache.registry.index(crates[0].name)
    slow = file_path(crates[0])
    with waiting(upstream, slow, lambda: cache.registry.download(crates[0].name)):
        for crate in crates[1:]:
            assert cache.registry.download(crate.name).body == crate.packed()


@pytest.mark.faults
def test_index_goes_on_while_files_are_slow(
    upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """More slow files than the remote has requests at once: ten, if nothing else is said."""
    crates = [Crate(f"{name}-{number}") for number in range(12)]
    upstream.have(Crate(name))
    cache = cache_of(upstream, **PATIENT)
    with ThreadPoolExecutor(len(crates) + 1) as pool, ExitStack() as slow:
        for crate in crates:
            upstream.have(crate)
            cache.registry.index(crate.name)
            slow.enter_context(held(upstream, file_path(crate)))
        asking = [pool.submit(cache.registry.download, crate.name) for crate in crates]
        assert wait_for(lambda: len(upstream.paths(f"{name}-")) >= len(crates) + 10)
        index = pool.submit(cache.registry.index_file, name)
        assert wait_for(index.done), "the index waits for the files"
    assert {one.result().status for one in asking} == {200}


@pytest.mark.faults
def test_first_client_goes_away(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """The second one, who waits for the same file, gets it."""
    crate = heavy(name, LARGE)
    upstream.have(crate)
    cache = cache_of(upstream, **PATIENT)
    cache.registry.index(name)
    path = file_path(crate)
    with ThreadPoolExecutor(1) as pool:
        with held(upstream, path, sent=1_000_000):
            first = asking_for(cache, name)
            assert wait_for(lambda: path in upstream.paths(name))
            second = pool.submit(cache.registry.download, name)
            assert first.recv(1000).startswith(b"HTTP/1.1 200 ")
            first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            first.close()
        assert second.result().body == crate.packed()
    assert cache.registry.download(name).body == crate.packed()
    assert cache.keeps(f"{name} 1.0.0")


@pytest.mark.faults
def test_first_client_does_not_read(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """A slow client holds up nobody else."""
    crate = heavy(name, LARGE)
    upstream.have(crate)
    cache.registry.index(name)
    with asking_for(cache, name):
        assert wait_for(lambda: file_path(crate) in upstream.paths(name))
        assert cache.registry.download(name).body == crate.packed()


@pytest.mark.faults
def test_all_clients_go_away(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """The file is fetched to its end or not, but nothing lies about, and the next one gets it."""
    crate = heavy(name, 1_000_000)
    upstream.have(crate)
    cache = cache_of(upstream, **PATIENT)
    cache.registry.index(name)
    path = file_path(crate)
    with nothing_left(cache.stack):
        with held(upstream, path, sent=1000), asking_for(cache, name):
            assert wait_for(lambda: path in upstream.paths(name))
        assert cache.registry.download(name).body == crate.packed()
        assert cache.keeps(f"{name} 1.0.0")


def asking_for(cache: Cache, name: str) -> socket.socket:
    """Return the connection of a client who has asked for a file."""
    parts = urlsplit(cache.registry.url)
    client = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=20)
    client.sendall(
        f"GET {parts.path}api/v1/crates/{name}/1.0.0/download HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    )
    return client
