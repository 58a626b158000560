"""Lists of upstreams: one that fails is not one without the crate, so nobody answers in its place."""

import pytest

from pulp_cargo.tests.functional.cache.lists.conftest import ListOf, StoreOf, ours, theirs, versions
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import Fault, SparseUpstream, at

pytestmark = pytest.mark.faults


@pytest.fixture
def store(upstream: SparseUpstream, new_store_of: StoreOf) -> Cache:
    """A cache of the first upstream, the store of which the list has, too."""
    return new_store_of(upstream)


@pytest.fixture
def both(
    store: Cache, elsewhere: SparseUpstream, new_store_of: StoreOf, list_of: ListOf
) -> Registry:
    """A list of two upstreams."""
    return list_of(theirs(store), theirs(new_store_of(elsewhere)))


@pytest.mark.parametrize(
    "fault",
    [broken.reset, broken.page_for_people, broken.says(500), broken.says(403)],
    ids=["reset", "page", "500", "403"],
)
def test_failure_ends_the_search(
    upstream: SparseUpstream, elsewhere: SparseUpstream, both: Registry, name: str, fault: Fault
) -> None:
    """An error for cargo, which stops; and the next good answer heals it."""
    upstream.have(Crate(name))
    elsewhere.have(Crate(name, "2.0.0"))
    upstream.faults[at(name)] = fault
    for answer in (both.index_file(name), both.download(name, "2.0.0")):
        assert answer.status == 502
        assert answer.headers["cache-control"] == "no-store"
    assert elsewhere.paths(name) == []
    upstream.faults.clear()
    assert wait_for(lambda: both.index_file(name).status == 200)
    assert versions(both, name) == ["1.0.0"]
    assert both.download(name, "2.0.0").status == 404


def test_403_may_mean_that_there_is_no_such_crate(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    new_store_of: StoreOf,
    list_of: ListOf,
    name: str,
) -> None:
    """A bucket says so of all that it does not have; whoever runs the list has to say it first."""
    first = new_store_of(upstream)
    both = list_of(theirs(first), theirs(new_store_of(elsewhere)))
    elsewhere.have(Crate(name))
    upstream.faults[at(name)] = broken.says(403)
    answer = both.index_file(name)
    assert answer.status == 502
    assert "`forbidden_means_missing`" in answer.detail
    first.change(forbidden_means_missing=True)
    assert wait_for(lambda: both.index_file(name).status == 200)
    assert both.download(name).body == Crate(name).packed()
    upstream.have(Crate(f"{name}-there"))
    assert versions(both, f"{name}-there") == ["1.0.0"]


@pytest.mark.parametrize("body", [b"", b"{}\n"])
def test_index_file_without_a_crate_makes_room(
    upstream: SparseUpstream, elsewhere: SparseUpstream, both: Registry, name: str, body: bytes
) -> None:
    """To cargo it is no crate, as a 404 is."""
    upstream.index(name, body)
    elsewhere.have(Crate(name))
    assert versions(both, name) == ["1.0.0"]
    assert both.download(name).body == Crate(name).packed()


def test_refused_connection_ends_the_search(
    upstream: SparseUpstream, elsewhere: SparseUpstream, both: Registry, name: str
) -> None:
    """Also for a crate that the first never had: nobody can know that now."""
    elsewhere.have(Crate(name))
    with upstream.switched_off():
        for answer in (both.index_file(name), both.download(name)):
            assert answer.status == 502
    assert elsewhere.paths(name) == []
    assert wait_for(lambda: both.index_file(name).status == 200)


def test_what_is_known_of_the_first_stands_in_for_it(
    upstream: SparseUpstream, elsewhere: SparseUpstream, both: Registry, store: Cache, name: str
) -> None:
    """Its index as it was, with its age, and the files that were kept."""
    upstream.have(Crate(name), Crate(name, "1.1.0"))
    elsewhere.have(Crate(name, "1.1.0"), Crate(name, "2.0.0"))
    assert both.download(name).status == 200
    assert store.keeps(f"{name} 1.0.0")
    assert store.knows(name)
    with upstream.switched_off():
        assert versions(both, name) == ["1.0.0", "1.1.0"]
        assert both.download(name).body == Crate(name).packed()
        assert both.download(name, "1.1.0").status == 502
    assert elsewhere.paths(name) == []


def test_crate_that_the_first_has_lost_stays_its_own(
    upstream: SparseUpstream, elsewhere: SparseUpstream, both: Registry, store: Cache, name: str
) -> None:
    """As long as we keep something of it; else another could take over the name."""
    upstream.have(Crate(name), Crate(name, "1.1.0"))
    elsewhere.have(Crate(name, "2.0.0"))
    assert both.download(name).status == 200
    assert store.keeps(f"{name} 1.0.0")
    upstream.lose(name)
    assert wait_for(lambda: versions(both, name) == ["1.0.0"])
    assert both.download(name).body == Crate(name).packed()
    assert both.download(name, "2.0.0").status == 404
    assert elsewhere.paths(name) == []


def test_private_crates_need_no_upstream(
    upstream: SparseUpstream, store: Cache, private: Registry, list_of: ListOf, name: str
) -> None:
    """Also where the repository comes after the upstream that is gone."""
    private.publish(Crate(name))
    listed = list_of(theirs(store), ours(private))
    with upstream.switched_off():
        assert versions(listed, name) == ["1.0.0"]
        assert listed.download(name).body == Crate(name).packed()
        assert listed.get("config.json").status == 200


@pytest.mark.parametrize("broken_one", ["first", "second"])
def test_mixed_versions_are_all_or_none(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    new_store_of: StoreOf,
    list_of: ListOf,
    name: str,
    broken_one: str,
) -> None:
    """A part of the versions must not look like all of them, whichever upstream fails."""
    upstream.have(Crate(name))
    elsewhere.have(Crate(name, "2.0.0"))
    stores = [new_store_of(server) for server in (upstream, elsewhere)]
    both = list_of(*map(theirs, stores), mixed_names=[name])
    server = {"first": upstream, "second": elsewhere}[broken_one]
    server.faults[at(name)] = broken.says(500)
    for answer in (both.index_file(name), both.download(name, "2.0.0")):
        assert answer.status == 502
    server.faults.clear()
    assert wait_for(lambda: versions(both, name) == ["1.0.0", "2.0.0"])
