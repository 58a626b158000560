"""What is known of a registry that does not answer: served stale, with its age (RFC 9111, 4.2.4)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Answer
from pulp_cargo.tests.support.sparse_upstream import EVERYWHERE, Fault, SparseUpstream

pytestmark = pytest.mark.faults

FAULTS = [
    broken.reset,
    broken.hang,
    broken.hang_in_body,
    broken.cut_off,
    broken.cut_off_unannounced,
    broken.broken_gzip,
    broken.endless,
    broken.no_http,
    broken.page_for_people,
    broken.redirects_for_ever,
    broken.says(500),
    broken.says(403),
    broken.says(429, Retry_After="1"),
    broken.says(200),
]


def is_stale(answer: Answer) -> bool:
    """Whether a good answer says that it could not be checked with the upstream."""
    assert answer.status == 200, answer
    return "age" in answer.headers


def test_stale_with_its_age_while_the_upstream_is_gone(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """The age are the seconds since the upstream last said that this is right."""
    upstream.have(Crate(name))
    fresh = own.registry.index_file(name)
    assert not is_stale(fresh)
    with upstream.switched_off():
        time.sleep(1.1)
        first = own.registry.index_file(name)
        time.sleep(1.1)
        second = own.registry.index_file(name)
        assert first.body == second.body == fresh.body
        assert 1 <= int(first.headers["age"]) < int(second.headers["age"]) < 60
        known = own.registry.index_file(name, If_None_Match=fresh.headers["etag"])
        assert (known.status, "age" in known.headers) == (304, True)
    assert launcher.wait_for(lambda: not is_stale(own.registry.index_file(name)))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__qualname__.partition(".")[0])
def test_stale_whatever_is_wrong_with_the_upstream(
    upstream: SparseUpstream, own: Cache, name: str, fault: Fault
) -> None:
    """The last good answer is served, and nothing that came after it [122]."""
    upstream.have(Crate(name))
    good = own.registry.index_file(name)
    upstream.have(Crate(name), Crate(name, "1.1.0"))
    upstream.faults[EVERYWHERE] = fault
    for _ in range(2):
        answer = own.registry.index_file(name)
        assert is_stale(answer)
        assert answer.body == good.body
    upstream.faults.clear()
    assert launcher.wait_for(lambda: len(own.registry.index(name)) == 2)


def test_stale_for_so_long(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """After `stale_for` seconds the truth is that we do not know; zero is not at all."""
    upstream.have(Crate(name))
    cache = cache_of(upstream, stale_for=2)
    cache.registry.index(name)
    with upstream.switched_off():
        assert is_stale(cache.registry.index_file(name))
        time.sleep(3)
        answer = cache.registry.index_file(name)
        assert answer.status == 502
        assert "upstream" in answer.detail
        cache.change(stale_for=None)
        assert is_stale(cache.registry.index_file(name))
        cache.change(stale_for=0)
        assert cache.registry.index_file(name).status == 502
    assert launcher.wait_for(lambda: cache.registry.index_file(name).status == 200)


def test_stale_to_all_who_wait(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """One of twenty asks the upstream in vain, and all get what is known."""
    upstream.have(Crate(name))
    own.registry.index(name)
    upstream.faults[EVERYWHERE] = broken.hang
    before = len(upstream.paths(name))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: own.registry.index_file(name), range(20)))
    assert all(is_stale(answer) for answer in answers)
    assert len(upstream.paths(name)) - before <= 2


def test_kept_files_outlive_their_crate(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """What is kept stands in for a crate that the upstream no longer has: a lock file may have it."""
    crate = Crate(name)
    upstream.have(crate, Crate(name, "1.1.0"))
    assert cache.registry.download(name).status == 200
    assert cache.keeps(f"{name} 1.0.0")
    upstream.lose(name)
    assert launcher.wait_for(lambda: len(cache.registry.index(name)) == 1)
    assert cache.registry.entry(name)["cksum"] == crate.cksum()
    assert cache.registry.download(name).body == crate.packed()


def test_kept_files_need_no_upstream(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """A build with a lock file works, as often as one likes."""
    crate = Crate(name)
    upstream.have(crate)
    assert cache.registry.download(name).status == 200
    with upstream.switched_off():
        for _ in range(2):
            assert cache.registry.download(name).body == crate.packed()
    assert len(upstream.paths(name)) == 2


def test_upstream_that_is_gone_when_a_file_is_wanted(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """The index is known, the file is not: an error with a sentence, and later the file."""
    crate = Crate(name)
    upstream.have(crate)
    own.registry.index(name)
    with upstream.switched_off(), own.keeps_nothing(name):
        answer = own.registry.download(name)
        assert answer.status == 502
        assert "upstream" in answer.detail
    assert launcher.wait_for(lambda: own.registry.download(name).status == 200)
    assert own.registry.download(name).body == crate.packed()
