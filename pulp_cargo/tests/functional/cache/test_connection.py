"""The connection to the upstream: TLS, proxy, and what our requests say of us."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.certificate import Certificate
from pulp_cargo.tests.support.crate import Crate, heavy
from pulp_cargo.tests.support.proxy import counting_proxy
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, at, file_path


@pytest.mark.faults
def test_certificate_is_checked(
    secure: SparseUpstream, certificate: Certificate, cache_of: CacheOf, name: str
) -> None:
    """An unknown authority is refused before anything is sent; one that is named is believed."""
    crate = Crate(name)
    secure.have(crate)
    cache = cache_of(secure)
    with cache.keeps_nothing(name):
        for answer in (cache.registry.index_file(name), cache.registry.download(name)):
            assert answer.status == 502
            assert "upstream" in answer.detail
    assert secure.asked == []
    cache.change(ca_cert=certificate.text)
    assert launcher.wait_for(lambda: cache.registry.index_file(name).status == 200)
    assert cache.registry.download(name).body == crate.packed()


def test_certificate_may_be_left_unchecked(
    secure: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """Where the remote says so."""
    secure.have(Crate(name))
    cache = cache_of(secure, tls_validation=False)
    assert cache.registry.index_file(name).status == 200
    assert cache.registry.download(name).body == Crate(name).packed()


@pytest.mark.faults
def test_files_behind_another_certificate(
    upstream: SparseUpstream, secure: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """It is checked there as well."""
    upstream.have(Crate(name))
    secure.have(Crate(name))
    upstream.configure(dl=f"{secure.origin}/files")
    cache = cache_of(upstream)
    assert cache.registry.download(name).status == 502
    assert secure.asked == []


def test_proxy_is_used(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """Nothing goes past it."""
    upstream.have(Crate(name))
    with counting_proxy() as proxy:
        cache = cache_of(upstream, proxy_url=proxy.url)
        assert cache.registry.index_file(name).status == 200
        assert cache.registry.download(name).body == Crate(name).packed()
        assert [path for path, _ in proxy.seen] == [asked.path for asked in upstream.asked]
    assert file_path(Crate(name)) in upstream.paths(name)


@pytest.mark.faults
def test_proxy_that_is_gone(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """It is not gone around."""
    upstream.have(Crate(name))
    with counting_proxy() as proxy:
        pass
    cache = cache_of(upstream, proxy_url=proxy.url)
    assert cache.registry.index_file(name).status == 502
    assert upstream.asked == []


def test_requests_say_who_asks(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """Crates.io wants to know whom to write to; who asks us is nobody's business there."""
    upstream.have(Crate(name))
    headers = {
        "User-Agent": "cargo/1.95.0",
        "Authorization": cache.registry.token or "",
        "Cookie": "sessionid=secret",
        "X-Forwarded-For": "10.0.0.1",
    }
    cache.registry.request("GET", "config.json", headers=headers)
    for path in (at(name).removeprefix("/index/"), f"api/v1/crates/{name}/1.0.0/download"):
        assert cache.registry.request("GET", path, headers=headers).status == 200
    assert len(upstream.paths(name)) >= 2
    for asked in upstream.asked:
        assert "pulp_cargo" in asked.headers["user-agent"]
        assert not {"authorization", "cookie", "x-forwarded-for"} & asked.headers.keys()


def test_headers_of_the_remote_are_sent(
    upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """With all requests; they are for registries that want more than cargo sends."""
    upstream.have(Crate(name))
    cache = cache_of(upstream, headers=[{"X-Team": "rust"}])
    assert cache.registry.download(name).status == 200
    assert {asked.headers.get("x-team") for asked in upstream.asked} == {"rust"}


def test_index_files_are_asked_for_compressed(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """And files as they are: a .crate file that somebody unpacks on the way misses its checksum."""
    upstream.have(Crate(name))
    assert cache.registry.download(name).status == 200
    (index,), (file,) = upstream.asked_for(at(name)), upstream.asked_for(file_path(Crate(name)))
    assert "gzip" in index.headers["accept-encoding"]
    assert file.headers.get("accept-encoding", "identity") == "identity"


def test_connections_are_used_again(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """A hundred requests need no hundred handshakes."""
    before = upstream.connections
    for number in range(50):
        upstream.have(Crate(f"{name}-{number}"))
        assert cache.registry.download(f"{name}-{number}").status == 200
    assert len(upstream.paths(name)) >= 100
    assert upstream.connections - before <= 10


def test_connection_that_has_rested(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """After a large file, for longer than an upstream may be silent: it is as good as a new one."""
    crate = heavy(name, 600_000)
    upstream.have(crate)
    upstream.have(Crate(f"{name}-next"))
    cache = cache_of(upstream, policy="streamed", sock_read_timeout=1)
    for _ in range(3):
        assert cache.registry.download(name).body == crate.packed()
        time.sleep(1.5)
        assert cache.registry.index_file(f"{name}-next").status == 200


def test_rate_limit_of_the_remote(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """So many requests begin in a second, of index files and others, however many are wanted."""
    names = [f"{name}-{number}" for number in range(3)]
    for one in names:
        upstream.have(Crate(one))
    cache = cache_of(upstream, rate_limit=1)
    begun = time.monotonic()
    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(cache.registry.index_file, names))
    assert [answer.status for answer in answers] == [200] * len(names)
    assert time.monotonic() - begun >= len(names) - 1
    assert cache.registry.download(names[0]).status == 200
    asked = len(upstream.asked)
    assert asked >= len(names) + 2, "config.json and the file"
    assert time.monotonic() - begun >= asked - 1


@pytest.mark.faults
def test_connection_that_was_closed_meanwhile(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """The upstream was started anew, and nobody notices."""
    upstream.have(Crate(name), Crate(name, "1.1.0"))
    assert cache.registry.download(name).status == 200
    with upstream.switched_off():
        pass
    assert "age" not in cache.registry.index_file(name).headers
    assert cache.registry.download(name, "1.1.0").status == 200


@pytest.mark.faults
def test_index_that_is_elsewhere(
    upstream: SparseUpstream, elsewhere: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """A redirect of an index file is followed, as cargo does, to another registry or to none."""
    upstream.have(Crate(name))
    elsewhere.have(Crate(name), Crate(name, "1.1.0"))
    upstream.faults[at(name)] = broken.redirects_to(elsewhere.origin)
    cache = cache_of(upstream)
    assert len(cache.registry.index(name)) == 2
    elsewhere.faults[at(name)] = broken.page_for_people
    assert len(cache.registry.index(name)) == 2, "stale"
