"""Index files that are asked for the first time, of an upstream that does not answer as it should.

The client gets a 5xx with a sentence, which cargo tries again; nothing is stored; and the next good
answer heals it.
"""

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.cache.test_stale import FAULTS
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.exchange import Exchange
from pulp_cargo.tests.support.sparse_upstream import CONFIG, Fault, SparseUpstream, at

pytestmark = pytest.mark.faults

GOOD = '{"name":"%s","vers":"1.0.0","deps":[],"cksum":"' + "ab" * 32 + '","features":{}}'


def fails_and_heals(upstream: SparseUpstream, cache: Cache, name: str) -> str:
    """Return what the client is told; nothing of the crate is stored."""
    with cache.keeps_nothing(name):
        answer = cache.registry.index_file(name)
        assert answer.status == 502
        assert answer.headers["cache-control"] == "no-store"
    assert "upstream" in answer.detail
    assert not cache.knows(name)
    upstream.faults.clear()
    upstream.have(Crate(name))
    assert launcher.wait_for(lambda: cache.registry.index_file(name).status == 200)
    assert cache.registry.entry(name)["cksum"] == Crate(name).cksum()
    return answer.detail


@pytest.mark.parametrize(
    "fault",
    [*FAULTS, broken.not_modified, broken.gzip_bomb, broken.other_encoding, broken.says(401)],
    ids=lambda fault: fault.__qualname__.partition(".")[0],
)
def test_bad_answer(upstream: SparseUpstream, cache: Cache, name: str, fault: Fault) -> None:
    """304 among them: we asked without a tag."""
    upstream.have(Crate(name))
    upstream.faults[at(name)] = fault
    fails_and_heals(upstream, cache, name)


def test_refused(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """Nobody listens."""
    with upstream.switched_off(), own.keeps_nothing(name):
        assert own.registry.index_file(name).status == 502
    assert not own.knows(name)
    upstream.have(Crate(name))
    assert launcher.wait_for(lambda: own.registry.index_file(name).status == 200)


def test_host_that_is_none(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """The name of the upstream cannot be resolved."""
    own.change(url="sparse+http://upstream.invalid/")
    with own.keeps_nothing(name):
        assert "upstream" in own.registry.index_file(name).detail
    own.change(url=upstream.index_url)
    upstream.have(Crate(name))
    assert launcher.wait_for(lambda: own.registry.index_file(name).status == 200)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"\xff\xfe", "UTF-8"),
        (GOOD.encode()[:-9], "middle of a line"),
        (GOOD.replace("%s", "other").encode(), "another crate"),
        (GOOD.encode() + b"\0", "NUL"),
        (b'{"errors":[{"detail":"no"}]}\n', "none of its lines"),
        (b"[" * 100_000, "middle of a line"),
        (b"1\n" * 100, "none of its lines"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_file_that_is_no_index_file(
    upstream: SparseUpstream, cache: Cache, name: str, body: bytes, told: str
) -> None:
    """Sent properly, with a 200."""
    upstream.index(name, body.replace(b"%s", name.encode()))
    assert told in fails_and_heals(upstream, cache, name)


def test_file_that_is_too_large(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """33 MB of good lines: not even the length is believed."""
    line = (GOOD % name).encode()

    async def large(exchange: Exchange) -> None:
        exchange.send(200, (line + b" " * 999_999 + b"\n") * 35, length=-1)
        exchange.close()

    upstream.faults[at(name)] = large
    fails_and_heals(upstream, cache, name)


@pytest.mark.parametrize("status", [404, 410, 451])
def test_not_there_is_no_fault(
    upstream: SparseUpstream, cache: Cache, name: str, status: int
) -> None:
    """Registries have three ways to say it, of which every cargo knows 404."""
    upstream.faults[at(name)] = broken.says(status)
    assert cache.registry.index_file(name).status == 404


@pytest.mark.parametrize("body", [b"", b"\n\n", b"[]\n{}\n", b'{"name":"%s","vers":"1"}\n'])
def test_file_without_a_crate_is_no_fault(
    upstream: SparseUpstream, cache: Cache, name: str, body: bytes
) -> None:
    """Cargo finds no such crate there; what it finds later is served."""
    upstream.index(name, body.replace(b"%s", name.encode()))
    answer = cache.registry.index_file(name)
    assert (answer.status, answer.detail) == (404, f"this registry has no crate `{name}`")
    assert cache.registry.download(name).status == 404
    upstream.have(Crate(name))
    assert launcher.wait_for(lambda: cache.registry.index_file(name).status == 200)
    # And what is gone later is gone.
    upstream.index(name, b"")
    assert launcher.wait_for(lambda: cache.registry.index_file(name).status == 404)


def test_config_that_is_broken_breaks_no_index(
    upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """It says where files are, so only downloads need it."""
    upstream.have(Crate(name))
    upstream.faults[CONFIG] = broken.page_for_people
    registry = cache_of(upstream).registry
    assert [entry["vers"] for entry in registry.index(name)] == ["1.0.0"]
    refused = registry.download(name)
    assert (refused.status, "config.json" in refused.detail) == (502, True)
    upstream.faults.clear()
    assert launcher.wait_for(lambda: registry.download(name).status == 200)


def test_sentence_tells_no_secrets(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """Who asks a public cache need not know its upstream's password, address or token."""
    cache = cache_of(upstream, username="me", password="hidden-pw", token="hidden-token")
    upstream.faults[at(name)] = broken.says(500)
    said = cache.registry.index_file(name).detail
    assert "hidden" not in said
