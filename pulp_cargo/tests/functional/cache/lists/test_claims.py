"""Lists of upstreams: a private name is never asked for upstream and never served from there."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pulp_cargo.tests.functional.cache.lists.conftest import (
    ListOf,
    StoreOf,
    new_list,
    ours,
    theirs,
    versions,
)
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, at
from pulp_cargo.tests.support.stack import Stack

FOREIGN = {"src/lib.rs": b"// from upstream"}


@pytest.fixture
def listed(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf, name: str
) -> Registry:
    """A list whose answers stay in memory, with the private repository in the worst place: last."""
    far = theirs(store_of(upstream, index_max_age=3600))
    return list_of(far, ours(private), place=private, reserved_names=["acme-*", f"{name}-x"])


def foreign(name: str, *more: str) -> list[Crate]:
    """Return versions of a crate as an upstream has them."""
    return [Crate(name, vers, files=FOREIGN) for vers in ("1.0.0", *more)]


def ask_in_all_spellings(registry: Registry, name: str) -> None:
    """Ask for all there is in any case, with hyphens, underscores, and what is not there."""
    hyphens, underscores = name.replace("_", "-"), name.replace("-", "_")
    for one in (hyphens, underscores, hyphens.upper(), underscores.title()):
        registry.index_file(one)
        registry.get(f"api/v1/crates/{one}")
        registry.get(f"api/v1/crates/{one}/9.9.9")
        for vers in ("1.0.0", "2.0.0", "9.9.9"):
            registry.download(one, vers)


def test_private_name_is_never_asked_for_upstream(
    upstream: SparseUpstream, private: Registry, listed: Registry, name: str
) -> None:
    """Whatever case or hyphens, whether or not the version is here: the name itself is a secret."""
    mine, other = f"{name}-a_b", f"{name}_a-b"
    private.publish(Crate(mine))
    for one in (mine, other):
        upstream.have(*foreign(one, "2.0.0"))
    ask_in_all_spellings(listed, mine)
    assert versions(listed, mine) == ["1.0.0"]
    assert listed.download(mine).body == Crate(mine).packed()
    assert listed.download(mine, "2.0.0").status == 404
    assert listed.index_file(other).status == 404
    assert listed.download(other, "2.0.0").status == 404
    assert upstream.paths(name) == []


@pytest.mark.parametrize("reserved", ["acme-{}", "ACME_{}", "{}-x", "{}_X"])
def test_reserved_name_is_never_asked_for_upstream(
    upstream: SparseUpstream, private: Registry, listed: Registry, name: str, reserved: str
) -> None:
    """Before anybody has published it, too; and then it is served."""
    crate = Crate(reserved.format(name))
    upstream.have(*foreign(crate.name))
    ask_in_all_spellings(listed, crate.name)
    assert listed.index_file(crate.name).status == 404
    assert listed.download(crate.name).status == 404
    private.publish(crate)
    assert listed.download(crate.name).body == crate.packed()
    assert upstream.paths(name) == []


@pytest.mark.parametrize("through_list", [True, False], ids=["through the list", "by itself"])
def test_name_is_ours_from_the_first_publish_on(
    upstream: SparseUpstream, private: Registry, listed: Registry, name: str, through_list: bool
) -> None:
    """Index and downloads were the upstream's, and in memory: the next answer has none of it."""
    upstream.have(*foreign(name, "2.0.0"))
    for _ in range(3):
        assert versions(listed, name) == ["1.0.0", "2.0.0"]
        assert listed.download(name).body == foreign(name)[0].packed()
    asked = upstream.paths(name)
    (listed if through_list else private).publish(Crate(name))
    assert versions(listed, name) == ["1.0.0"]
    assert listed.entry(name)["cksum"] == Crate(name).cksum()
    assert listed.download(name).body == Crate(name).packed()
    assert listed.download(name, "2.0.0").status == 404
    ask_in_all_spellings(listed, name)
    assert upstream.paths(name) == asked


def test_publish_overtakes_what_an_upstream_is_still_sending(
    upstream: SparseUpstream, private: Registry, listed: Registry, name: str
) -> None:
    """Who asked before gets what was true then; nobody gets it afterwards."""
    upstream.have(*foreign(name, "2.0.0"))
    with ThreadPoolExecutor(1) as pool:
        with broken.held(upstream, at(name)):
            early = pool.submit(listed.index_file, name)
            assert wait_for(lambda: upstream.paths(name) == [at(name)])
            private.publish(Crate(name))
            assert versions(listed, name) == ["1.0.0"]
        assert early.result().status == 200
    for _ in range(2):
        assert versions(listed, name) == ["1.0.0"]
        assert listed.download(name).body == Crate(name).packed()
        assert listed.download(name, "2.0.0").status == 404


def test_first_publish_claims_other_spellings(
    upstream: SparseUpstream, private: Registry, listed: Registry, name: str
) -> None:
    """What was served as `a_b` is gone when `a-b` is ours: cargo takes them for one name."""
    upstream.have(*foreign(f"{name}_b"))
    assert versions(listed, f"{name}_b") == ["1.0.0"]
    assert listed.download(f"{name}_b").status == 200
    private.publish(Crate(f"{name}-B"))
    assert listed.index_file(f"{name}_b").status == 404
    assert listed.download(f"{name}_b").status == 404
    assert versions(listed, f"{name}-b") == ["1.0.0"]


def test_name_is_claimed_in_every_list_with_the_repository(
    upstream: SparseUpstream,
    private: Registry,
    store_of: StoreOf,
    list_of: ListOf,
    stack: Stack,
    name: str,
) -> None:
    """However many there are; and only there."""
    upstream.have(*foreign(name))
    far = theirs(store_of(upstream, index_max_age=3600))
    lists = [list_of(far, ours(private)), new_list(stack, ours(private), far)]
    without = new_list(stack, far)
    for registry in (*lists, without):
        assert registry.entry(name)["cksum"] == foreign(name)[0].cksum()
    private.publish(Crate(name))
    for registry in lists:
        assert registry.entry(name)["cksum"] == Crate(name).cksum()
    assert without.entry(name)["cksum"] == foreign(name)[0].cksum()


def test_claim_goes_before_patterns_pins_and_mixing(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf, name: str
) -> None:
    """A slip in the list must not open a private name."""
    private.publish(Crate(name))
    upstream.have(*foreign(name, "2.0.0"))
    far = theirs(store_of(upstream), pins=[name])
    listed = list_of(far, ours(private), mixed_names=["*"])
    assert versions(listed, name) == ["1.0.0"]
    assert listed.download(name, "2.0.0").status == 404
    assert upstream.paths(name) == []


def test_repository_that_is_not_private_waits_for_its_turn(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf, name: str
) -> None:
    """It claims nothing, and answers for what those before it do not have."""
    private.publish(Crate(name))
    private.publish(Crate(f"{name}-own"))
    upstream.have(*foreign(name))
    open_one = ours(private, private=False)
    listed = list_of(theirs(store_of(upstream)), open_one)
    assert listed.download(name).body == foreign(name)[0].packed()
    assert listed.download(f"{name}-own").body == Crate(f"{name}-own").packed()
    assert listed.download(f"{name}-own", "9.0.0").status == 404
