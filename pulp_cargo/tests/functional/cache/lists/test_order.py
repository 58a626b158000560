"""Lists of upstreams: the first in order that has a crate answers for all of it."""

import pytest

from pulp_cargo.tests.functional.cache.lists.conftest import ListOf, StoreOf, theirs, versions
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream

POLICIES = ("on_demand", "streamed")


def crate(name: str, vers: str, whose: str) -> Crate:
    """Return a crate whose bytes tell from where it is."""
    return Crate(name, vers, files={"src/lib.rs": whose.encode()})


@pytest.fixture
def both(
    upstream: SparseUpstream, elsewhere: SparseUpstream, store_of: StoreOf, list_of: ListOf
) -> Registry:
    """A list of two upstreams."""
    return list_of(theirs(store_of(upstream)), theirs(store_of(elsewhere)))


@pytest.mark.parametrize("policy", POLICIES)
def test_first_that_has_a_crate_answers_for_all_of_it(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    store_of: StoreOf,
    list_of: ListOf,
    name: str,
    policy: str,
) -> None:
    """Versions that only the other one has are not there, and it is not even asked [124]."""
    upstream.have(crate(name, "1.0.0", "first"))
    elsewhere.have(crate(name, "1.0.0", "second"), crate(name, "2.0.0", "second"))
    caches = (store_of(upstream, policy=policy), store_of(elsewhere, policy=policy))
    both = list_of(*(theirs(cache) for cache in caches))
    for _ in range(2):
        assert versions(both, name) == ["1.0.0"]
        assert both.entry(name)["cksum"] == crate(name, "1.0.0", "first").cksum()
        assert both.download(name).body == crate(name, "1.0.0", "first").packed()
        assert both.download(name, "2.0.0").status == 404
    assert elsewhere.paths(name) == []


@pytest.mark.parametrize("policy", POLICIES)
def test_next_one_answers_for_what_the_first_does_not_have(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    store_of: StoreOf,
    list_of: ListOf,
    name: str,
    policy: str,
) -> None:
    """The file comes from where the index line is from, also if it is asked for first."""
    elsewhere.have(crate(name, "1.0.0", "second"))
    caches = (store_of(upstream, policy=policy), store_of(elsewhere, policy=policy))
    both = list_of(*(theirs(cache) for cache in caches))
    assert both.download(name).body == crate(name, "1.0.0", "second").packed()
    assert versions(both, name) == ["1.0.0"]
    assert [path for path in upstream.paths(name) if path.endswith("/download")] == []


def test_change_of_the_order_shows_at_once(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    store_of: StoreOf,
    list_of: ListOf,
    name: str,
) -> None:
    """In index and downloads, though all of it was in memory."""
    upstream.have(crate(name, "1.0.0", "first"))
    elsewhere.have(crate(name, "1.0.0", "second"))
    entries = [theirs(store_of(one, index_max_age=3600)) for one in (upstream, elsewhere)]
    both = list_of(*entries)
    for whose in ("first", "second", "first"):
        for _ in range(2):
            assert both.entry(name)["cksum"] == crate(name, "1.0.0", whose).cksum()
            assert both.download(name).body == crate(name, "1.0.0", whose).packed()
        entries.reverse()
        both = list_of(*entries)


def test_crate_that_nobody_has(both: Registry, name: str) -> None:
    """404, as cargo expects it."""
    answer = both.index_file(name)
    assert (answer.status, answer.detail) == (404, f"this registry has no crate `{name}`")
    assert both.download(name).status == 404


def test_patterns(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    store_of: StoreOf,
    list_of: ListOf,
    name: str,
) -> None:
    """An upstream is asked only for the names that it may answer for."""
    inside, outside = f"{name}-in-a", f"{name}-out"
    for one in (inside, outside):
        upstream.have(crate(one, "1.0.0", "first"))
    narrow = theirs(store_of(upstream), patterns=[f"{name}_in*"])
    wide = list_of(narrow, theirs(store_of(elsewhere)))
    alone = list_of(narrow)
    for registry in (wide, alone):
        assert versions(registry, inside) == ["1.0.0"]
        assert registry.index_file(outside).status == 404
        assert registry.download(outside).status == 404
    assert upstream.paths(outside) == []
    assert elsewhere.paths(inside) == []


def test_pinned_name_belongs_to_one_alone(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    store_of: StoreOf,
    list_of: ListOf,
    name: str,
) -> None:
    """It comes later in the list, and does not have to have the crate."""
    has, lacks = f"{name}-has", f"{name}-lacks"
    for one in (has, lacks):
        upstream.have(crate(one, "1.0.0", "first"))
    elsewhere.have(crate(has, "2.0.0", "second"))
    pinned = theirs(store_of(elsewhere), pins=[f"{name}*"], patterns=[])
    both = list_of(theirs(store_of(upstream)), pinned)
    assert versions(both, has) == ["2.0.0"]
    assert both.download(has).status == 404
    assert both.index_file(lacks).status == both.download(lacks).status == 404
    assert upstream.paths(name) == []


def test_narrowest_pin_counts(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    store_of: StoreOf,
    list_of: ListOf,
    name: str,
) -> None:
    """A whole name goes before a longer beginning, and that before a shorter one."""
    names = (f"{name}-a", f"{name}-ab", f"{name}-abc")
    for server, whose in ((upstream, "first"), (elsewhere, "second")):
        for one in names:
            server.have(crate(one, "1.0.0", whose))
    both = list_of(
        theirs(store_of(upstream), pins=[f"{name}*", f"{name}-abc"]),
        theirs(store_of(elsewhere), pins=[f"{name}-ab*"]),
    )
    for one, whose in zip(names, ("first", "second", "first"), strict=True):
        assert both.entry(one)["cksum"] == crate(one, "1.0.0", whose).cksum()
    assert upstream.paths(names[1]) == upstream.paths(names[2])
    assert elsewhere.paths(names[0]) == elsewhere.paths(names[1])


def test_dependency_on_another_upstream_of_the_list_stays_in_it(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    new_store_of: StoreOf,
    list_of: ListOf,
    name: str,
) -> None:
    """What the list stands in for is its own: else cargo goes past it, and sees two sources."""
    third = "sparse+https://third.example/index/"
    urls = {"b": elsewhere.index_url, "c": third, "a": None}
    deps = [Dep(name=f"{name}-{one}", registry=url) for one, url in urls.items()]
    upstream.have(Crate(name, deps=deps))
    elsewhere.have(Crate(f"{name}-b"))
    partner, other = new_store_of(upstream), new_store_of(elsewhere)
    both = list_of(theirs(partner), theirs(other))
    sent = {dep["name"]: dep.get("registry") for dep in both.entry(name)["deps"]}
    assert sent == {f"{name}-b": None, f"{name}-c": third, f"{name}-a": None}
    # A list that has the other one for some names only does not stand in for it.
    for others in ([theirs(other, patterns=[f"{name}-x"])], []):
        some = list_of(theirs(partner), *others)
        kept = {dep["name"]: dep.get("registry") for dep in some.entry(name)["deps"]}
        assert kept == {f"{name}-b": elsewhere.index_url, f"{name}-c": third, f"{name}-a": None}
