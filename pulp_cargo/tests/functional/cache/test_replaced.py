"""A version whose bytes the upstream has replaced: it stays as it was until somebody accepts that."""

import json
import secrets
from typing import Any

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.rest import Refused
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, at


def evil(name: str, vers: str = "1.0.0") -> Crate:
    """The crate with other bytes."""
    return Crate(name, vers, files={"build.rs": b"fn main() {}"})


def replaced(cache: Cache, name: str, **wanted: Any) -> list[dict[str, Any]]:
    """Return the records of a crate."""
    return cache.rest.list(f"{cache.remote}replaced/", name=name, **wanted)


def accept(cache: Cache, crate: Crate) -> dict[str, Any]:
    """Accept the bytes of a crate."""
    fields = {"name": crate.name, "vers": crate.vers, "checksum": crate.cksum()}
    return dict(cache.rest.post(f"{cache.remote}accept/", **fields))


@pytest.fixture(params=[0, 3600], ids=["asked at once", "remembered"])
def own(cache_of: CacheOf, upstream: SparseUpstream, request: pytest.FixtureRequest) -> Cache:
    """A cache whose index files are old at once, or when the test says so."""
    return cache_of(upstream, index_max_age=request.param)


def grow_old(cache: Cache, name: str) -> None:
    """Let the index file of a crate be old, as it is after some time."""
    assert cache.knows(name)
    with cache.stack.connect() as connection:
        connection.execute(
            "UPDATE cargo_upstreamindexfile SET checked_at = checked_at - interval '2 hours'"
            " WHERE name = %s",
            [name],
        )
    # What is in memory is forgotten as with time.
    cache.change(stale_for=10**6 + secrets.randbelow(10**6))


def test_old_bytes_stay_with_the_old_checksum(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """What is served always fits its index, from memory or not; lock files go on building."""
    old, other, new = Crate(name), Crate(name, "1.1.0"), evil(name)
    upstream.have(old, other)
    for _ in range(3):
        assert own.registry.download(name).body == old.packed()
    assert own.keeps(f"{name} 1.0.0")
    line = own.registry.entry(name)
    grow_old(own, name)
    upstream.have(new, other, Crate(name, "1.2.0"))
    for _ in range(3):
        assert [one["vers"] for one in own.registry.index(name)] == ["1.0.0", "1.1.0", "1.2.0"]
        assert own.registry.entry(name) == line
        assert own.registry.download(name).body == old.packed()
    assert own.registry.download(name, "1.2.0").status == 200
    assert wait_for(lambda: len(replaced(own, name)) == 1)
    (record,) = replaced(own, name, accepted=False)
    assert (record["vers"], record["accepted_at"]) == ("1.0.0", None)
    assert (record["checksum_before"], record["checksum"]) == (old.cksum(), new.cksum())


def test_accepted_bytes_are_served_at_once_with_their_checksum(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """Index and download change together."""
    old, new = Crate(name), evil(name)
    upstream.have(old)
    for _ in range(3):
        assert own.registry.download(name).body == old.packed()
    assert own.keeps(f"{name} 1.0.0")
    grow_old(own, name)
    upstream.have(new)
    assert own.registry.entry(name)["cksum"] == old.cksum()
    assert wait_for(lambda: len(replaced(own, name)) == 1)
    assert accept(own, new)["accepted_at"] is not None
    assert own.registry.entry(name)["cksum"] == new.cksum()
    for _ in range(3):
        assert own.registry.download(name).body == new.packed()
    assert own.registry.entry(name)["cksum"] == new.cksum()
    assert replaced(own, name, accepted=False) == []


def test_old_bytes_that_are_not_here_are_refused(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """Clearly, and not as a fault of the upstream; what is accepted is fetched."""
    old, new = Crate(name), evil(name)
    upstream.have(old)
    assert own.registry.entry(name)["cksum"] == old.cksum()
    grow_old(own, name)
    upstream.have(new)
    assert own.registry.entry(name)["cksum"] == old.cksum()
    assert wait_for(lambda: len(replaced(own, name)) == 1)
    answer = own.registry.download(name)
    assert answer.status == 403
    assert old.cksum() in answer.detail and new.cksum() in answer.detail
    assert "until an administrator accepts it" in answer.detail
    accept(own, new)
    assert own.registry.download(name).body == new.packed()


@pytest.mark.parametrize("gone", ["crate", "version"])
def test_number_that_comes_back_is_no_new_one(
    upstream: SparseUpstream, own: Cache, name: str, gone: str
) -> None:
    """Whoever registers the name of a deleted crate cannot give its versions other bytes."""
    old, other, new = Crate(name), Crate(name, "1.1.0"), evil(name)
    upstream.have(old, other)
    assert own.registry.download(name).body == old.packed()
    assert own.keeps(f"{name} 1.0.0")
    grow_old(own, name)
    if gone == "crate":
        upstream.lose(name)
    else:
        upstream.have(other)
    own.registry.index_file(name)
    grow_old(own, name)
    upstream.have(new, other)
    # That it was gone is remembered for seconds.
    assert wait_for(lambda: bool(own.registry.index(name) and replaced(own, name)))
    assert own.registry.entry(name)["cksum"] == old.cksum()
    assert own.registry.download(name).body == old.packed()
    assert len(replaced(own, name)) == 1


def test_only_recorded_bytes_can_be_accepted(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """Not what may come next."""
    upstream.have(Crate(name))
    own.registry.index(name)
    with pytest.raises(Refused) as failed:
        accept(own, evil(name))
    assert failed.value.status == 400
    assert f"replaced the file of `{name} 1.0.0`" in str(failed.value)


def test_bytes_that_come_back_end_it(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """The upstream has mended it; the record stays."""
    upstream.have(Crate(name))
    own.registry.index(name)
    grow_old(own, name)
    upstream.have(evil(name))
    own.registry.index(name)
    assert wait_for(lambda: len(replaced(own, name)) == 1)
    grow_old(own, name)
    upstream.have(Crate(name))
    whole = upstream.pages[at(name)].body
    assert own.registry.index_file(name).body == whole
    assert own.registry.download(name).body == Crate(name).packed()
    assert json.loads(whole)["cksum"] == Crate(name).cksum()
