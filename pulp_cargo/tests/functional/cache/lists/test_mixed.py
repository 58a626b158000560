"""Lists of upstreams: where mixing is on for a name, the versions of all that have it are served."""

import pytest

from pulp_cargo.tests.functional.cache.lists.conftest import (
    ListOf,
    StoreOf,
    downloads,
    ours,
    theirs,
    versions,
)
from pulp_cargo.tests.functional.pages.conftest import visit
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, file_path
from pulp_cargo.tests.support.stack import Stack


def crate(name: str, vers: str, whose: str) -> Crate:
    """Return a crate whose bytes tell from where it is."""
    return Crate(name, vers, files={"src/lib.rs": whose.encode()})


@pytest.fixture
def first(upstream: SparseUpstream, store_of: StoreOf, name: str) -> Cache:
    """A cache of an upstream with two versions of a crate."""
    upstream.have(crate(name, "1.0.0", "first"), crate(name, "1.1.0", "first"))
    return store_of(upstream)


@pytest.fixture
def second(elsewhere: SparseUpstream, store_of: StoreOf, name: str) -> Cache:
    """A cache of one with two versions, one of which the other has as well."""
    elsewhere.have(crate(name, "1.1.0", "second"), crate(name, "2.0.0", "second"))
    return store_of(elsewhere)


@pytest.fixture
def both(first: Cache, second: Cache, list_of: ListOf, name: str) -> Registry:
    """A list of the two in which the name is mixed."""
    return list_of(theirs(first), theirs(second), mixed_names=[f"{name}*"])


def test_each_version_is_from_the_first_that_has_it(
    both: Registry,
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    first: Cache,
    second: Cache,
    name: str,
) -> None:
    """Line and file are from the same one, and kept in its store."""
    wanted = {"1.0.0": "first", "1.1.0": "first", "2.0.0": "second"}
    assert versions(both, name) == list(wanted)
    for vers, whose in wanted.items():
        expected = crate(name, vers, whose)
        assert both.entry(name, vers)["cksum"] == expected.cksum()
        assert both.download(name, vers).body == expected.packed()
    assert downloads(elsewhere, name) == [file_path(crate(name, "2.0.0", ""))]
    assert first.keeps(f"{name} 1.0.0", f"{name} 1.1.0")
    assert second.keeps(f"{name} 2.0.0")
    assert both.download(name, "3.0.0").status == 404


def test_page_of_refused_versions_has_what_no_upstream_serves(
    stack: Stack, both: Registry, second: Cache, name: str
) -> None:
    """A policy of the second upstream does not refuse what the first one serves."""
    block = [{"crate": name, "versions": ">=1.1.0"}]
    policy = stack.rest.need("cargo/crate-policies/", name=unique("p"), block=block)
    second.change(crate_policy=policy["pulp_href"])
    assert versions(both, name) == ["1.0.0", "1.1.0"]
    page = visit(both, f"crates/{name}/refused")
    assert "Crate policies refuse 1 version, so cargo does not find it" in page.text
    assert f"{name} 2.0.0" in page.text
    assert f"{name} 1.1.0" not in page.text


def test_other_names_are_not_mixed(
    both: Registry, upstream: SparseUpstream, elsewhere: SparseUpstream
) -> None:
    """Only what the pattern says [124]."""
    other = unique("x")
    upstream.have(crate(other, "1.0.0", "first"))
    elsewhere.have(crate(other, "2.0.0", "second"))
    assert versions(both, other) == ["1.0.0"]
    assert both.download(other, "2.0.0").status == 404


def test_our_own_versions_beside_an_upstreams(
    first: Cache, private: Registry, list_of: ListOf, name: str
) -> None:
    """A fork of a crate: of a repository that claims nothing, before the upstream."""
    for vers in ("1.1.0", "1.2.0"):
        private.publish(crate(name, vers, "ours"))
    entries = ours(private, private=False), theirs(first)
    listed = list_of(*entries, mixed_names=[name])
    assert sorted(versions(listed, name)) == ["1.0.0", "1.1.0", "1.2.0"]
    for vers, whose in {"1.0.0": "first", "1.1.0": "ours", "1.2.0": "ours"}.items():
        assert listed.entry(name, vers)["cksum"] == crate(name, vers, whose).cksum()
        assert listed.download(name, vers).body == crate(name, vers, whose).packed()
    private.publish(crate(name, "1.3.0", "ours"))
    assert "1.3.0" in versions(listed, name)
    assert first.keeps(f"{name} 1.0.0")


@pytest.mark.parametrize("policy", ["of the remote", "of the list"])
def test_version_that_is_kept_out_is_not_taken_from_the_next_one(
    upstream: SparseUpstream,
    first: Cache,
    second: Cache,
    store_of: StoreOf,
    list_of: ListOf,
    stack: Stack,
    name: str,
    policy: str,
) -> None:
    """It is the first's, and blocked there: absent, and refused with the reason."""
    rules = stack.rest.need(
        "cargo/crate-policies/", name=unique("p"), block=[{"crate": name, "versions": "=1.1.0"}]
    )
    list_rules = rules["pulp_href"] if policy == "of the list" else None
    first = store_of(upstream, crate_policy=None if list_rules else rules["pulp_href"])
    entries = theirs(first), theirs(second)
    both = list_of(*entries, mixed_names=[name], crate_policy=list_rules)
    assert versions(both, name) == ["1.0.0", "2.0.0"]
    answer = both.download(name, "1.1.0")
    assert answer.status == 403
    assert rules["name"] in answer.detail
