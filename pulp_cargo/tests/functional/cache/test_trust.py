"""What an upstream says is not enough to get other people's bytes, or wrong ones out whole."""

import gzip
import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate, heavy
from pulp_cargo.tests.support.exchange import Page
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, file_path
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.upstream import Upstream, line_of
from pulp_cargo.tests.support.upstream import file_path as listed_path


@pytest.fixture
def liar() -> Iterator[Upstream]:
    """An upstream with a listing, such as anybody may run."""
    with fake.running() as server:
        yield server


def test_checksum_of_a_private_crate_opens_nothing(
    stack: Stack, upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """Checksums stand in every lock file; an upstream that names one has to send the bytes."""
    secret = Crate(name, files={"src/lib.rs": b"// secret"})
    private = stack.make_registry(auth_required=True)
    private.publish(secret)
    upstream.have(Crate(name), cksum=secret.cksum(private.index_url))
    answer = cache.registry.download(name)
    assert answer.status == 502
    assert b"secret" not in answer.body


def test_file_of_another_cache_of_the_remote_is_fetched_once(
    stack: Stack, upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """Two caches of one remote share what they keep."""
    crate = Crate(name)
    upstream.have(crate)
    assert cache.registry.download(name).status == 200
    assert cache.keeps(f"{name} 1.0.0")
    other = second_cache(stack, cache.remote)
    assert other.registry.download(name).body == crate.packed(upstream.index_url)
    assert other.keeps(f"{name} 1.0.0")
    assert len(upstream.asked_for(file_path(crate))) == 1


def second_cache(stack: Stack, remote: str) -> Cache:
    """Make a cache of a remote that has another one already."""
    return Cache(stack, remote, stack.make_registry(remote=remote, allow_uploads=False))


@pytest.mark.parametrize("same", ["remote", "url"])
def test_false_words_about_a_file_reach_no_other_cache(
    stack: Stack,
    upstream: SparseUpstream,
    cache: Cache,
    liar: Upstream,
    name: str,
    same: str,
) -> None:
    """Somebody's own upstream tells lies about true bytes, and then passes for the same upstream."""
    crate = Crate(name, package={"license": "MIT"})
    upstream.have(crate)
    cksum, data = crate.cksum(upstream.index_url), crate.packed(upstream.index_url)
    lies = {"name": "evil", "req": "^1", "registry": "sparse+https://evil.example/"}
    entry = json.loads(line_of(crate)["index_line"]) | {"cksum": cksum, "deps": [lies]}
    false = {"cksum": cksum, "license": "Proprietary", "index_line": json.dumps(entry)}
    liar.serve([line_of(crate) | false])
    liar.bodies[listed_path(crate)] = data
    fields = {"url": liar.index_url, "policy": "immediate"}
    remote = stack.rest.need("remotes/cargo/cargo/", name=unique("liar"), **fields)["pulp_href"]
    theirs = stack.make_registry(repository={"remote": remote}, allow_uploads=False)
    stack.rest.post(f"{theirs.repository}sync/")
    assert theirs.entry(name)["deps"][0]["name"] == "evil"
    stack.rest.set(remote, url=upstream.index_url)
    stack.rest.set(theirs.href, remote=cache.remote if same == "remote" else remote)
    assert cache.registry.download(name).body == data
    assert cache.keeps(f"{name} 1.0.0")
    (unit,) = stack.rest.list("content/cargo/crates/", name=name, repository_version=cache.latest)
    assert (unit["license"], unit["dependencies"], unit["is_read"]) == ("MIT", [], True)
    assert cache.registry.entry(name)["deps"] == []


@pytest.mark.parametrize("encoded", [b"\0" * 3_000_000, None], ids=["expands", "shrinks"])
def test_encoded_file_is_refused(
    upstream: SparseUpstream, cache: Cache, name: str, encoded: bytes | None
) -> None:
    """The length that was promised would be that of other bytes."""
    crate = heavy(name, 900_000)
    upstream.have(crate)
    body = gzip.compress(crate.packed(upstream.index_url) if encoded is None else encoded)
    upstream.pages[file_path(crate)] = Page(body, {"Content-Encoding": "gzip"})
    with cache.keeps_nothing(name):
        # The refusal comes before the answer begins.
        assert cache.registry.download(name).status == 502


def test_another_url_is_another_registry(
    upstream: SparseUpstream, elsewhere: SparseUpstream, own: Cache, name: str
) -> None:
    """Nothing that is remembered of the old one answers for the new one."""
    here, there = Crate(name), Crate(name, files={"src/lib.rs": b"// another"})
    upstream.have(here)
    elsewhere.have(there)
    assert own.registry.download(name).body == here.packed(upstream.index_url)
    own.change(url=elsewhere.index_url)
    assert own.registry.entry(name)["cksum"] == there.cksum(elsewhere.index_url)
    assert own.registry.download(name).body == there.packed(elsewhere.index_url)


def test_file_that_the_storage_lost_comes_again(
    stack: Stack, upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """For as long as the upstream has it, that is no loss; and it is back."""
    crate = heavy(name, 2_000_000)
    upstream.have(crate)
    assert cache.registry.download(name).status == 200
    assert cache.keeps(f"{name} 1.0.0")
    digest = crate.cksum(upstream.index_url)
    stored = Path(stack.settings["MEDIA_ROOT"]) / "artifact" / digest[:2] / digest[2:]
    stored.unlink()
    assert cache.registry.download(name).body == crate.packed(upstream.index_url)
    assert wait_for(stored.exists)


def test_licence_is_seen_by_all_who_ask_at_once(
    stack: Stack, upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """Eight clients read one file; each finds what its manifest says."""
    policy = stack.rest.need("cargo/crate-policies/", name=name, licenses=["MIT"])
    cache = cache_of(upstream, crate_policy=policy["pulp_href"])
    noise = {"noise": random.randbytes(2_000_000)}
    crate = Crate(name, package={"license": "MIT"}, files=noise)
    upstream.have(replace(crate, archive=crate.packed()))
    cache.registry.index(name)
    with ThreadPoolExecutor(8) as clients:
        found = list(clients.map(lambda _: cache.registry.download(name).status, range(8)))
    assert found == [200] * 8
