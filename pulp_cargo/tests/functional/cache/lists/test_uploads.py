"""Lists of upstreams: what is published through them, what is kept, and who may read."""

from pulp_cargo.protocol.registry_url import CRATES_IO_SPARSE
from pulp_cargo.tests.functional.cache.lists.conftest import (
    ListOf,
    StoreOf,
    downloads,
    ours,
    theirs,
    versions,
)
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry, reads
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, at
from pulp_cargo.tests.support.stack import Stack

THIRD = "sparse+https://third.example/index/"


def registries(registry: Registry, name: str) -> dict[str, str | None]:
    """Return the registry of each dependency in the index."""
    return {dep["name"]: dep.get("registry") for dep in registry.entry(name)["deps"]}


def test_publish_and_yank_go_to_the_named_repository(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf, name: str
) -> None:
    """They show at once in both registries; the upstream's crates are not ours to yank."""
    upstream.have(Crate(f"{name}-up"))
    store = store_of(upstream)
    listed = list_of(theirs(store), ours(private), place=private)
    listed.publish(Crate(name))
    for registry in (private, listed):
        assert versions(registry, name) == ["1.0.0"]
        assert registry.download(name).body == Crate(name).packed()
    for change, yanked in ((listed.yank, True), (listed.unyank, False), (private.yank, True)):
        assert change(name).status == 200
        for registry in (private, listed):
            assert registry.entry(name)["yanked"] is yanked
    assert listed.yank(f"{name}-up").status == 404
    assert listed.entry(f"{name}-up")["yanked"] is False
    assert store.kept(name) == set()


def test_without_a_place_nothing_can_be_published(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf, name: str
) -> None:
    """With a sentence; and neither the repository nor the upstream hears of it."""
    private.publish(Crate(name))
    listed = list_of(ours(private), theirs(store_of(upstream)))
    for answer in (listed.send(Crate(f"{name}-new")), listed.yank(name), listed.unyank(name)):
        assert answer.status == 403
        assert "accepts no publishes or yanks" in answer.detail
    assert versions(private, f"{name}-new") == []
    assert upstream.paths(name) == []


def test_each_remote_keeps_its_crates_in_its_own_store(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    private: Registry,
    store_of: StoreOf,
    list_of: ListOf,
    name: str,
) -> None:
    """By its own policy: from there a file comes once, or each time; ours stay where they are."""
    a, b = Crate(f"{name}-a"), Crate(f"{name}-b")
    upstream.have(a)
    elsewhere.have(b)
    on_demand, streamed = store_of(upstream), store_of(elsewhere, policy="streamed")
    private.publish(Crate(name))
    listed = list_of(ours(private), theirs(on_demand), theirs(streamed))
    for _ in range(2):
        for crate in (a, b, Crate(name)):
            assert listed.download(crate.name).body == crate.packed()
        assert on_demand.keeps(f"{a.name} 1.0.0")
    assert on_demand.kept(b.name, name) == streamed.kept(a.name, b.name, name) == set()
    assert versions(private, a.name) == versions(private, b.name) == []
    assert len(downloads(upstream, name)) == 1
    assert len(downloads(elsewhere, name)) == 2
    with upstream.switched_off(), elsewhere.switched_off():
        assert listed.download(a.name).body == a.packed()


def test_remote_without_a_store(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf, name: str
) -> None:
    """It serves all and keeps nothing."""
    upstream.have(Crate(name))
    store = store_of(upstream)
    listed = list_of(ours(private), theirs(store, repository=None))
    assert versions(listed, name) == ["1.0.0"]
    assert listed.download(name).body == Crate(name).packed()
    assert store.kept(name) == set()


def test_private_list(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf, name: str
) -> None:
    """Its own crates and the upstreams' are behind the token, and strangers ask nobody anything."""
    upstream.have(Crate(name))
    private.publish(Crate(f"{name}-own"))
    listed = list_of(ours(private), theirs(store_of(upstream)), auth_required=True)
    assert {answer.status for answer in reads(listed, None)} == {401}
    for one in (name, f"{name}-own", f"{name}-none"):
        assert listed.index_file(one).status == listed.download(one).status == 401
    assert upstream.paths(name) == []
    for one in (name, f"{name}-own"):
        for _ in range(2):
            answer = listed.index_file(one, token=listed.token)
            assert answer.status == 200
            assert "private" in answer.headers["cache-control"]
            assert listed.download(one, token=listed.token).body == Crate(one).packed()
        assert listed.index_file(one).status == listed.download(one).status == 401
    assert listed.get("config.json", token=listed.token).json()["auth-required"] is True
    assert not any("authorization" in asked.headers for asked in upstream.asked)


def test_dependencies_of_private_crates(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf, name: str
) -> None:
    """Null in the list is all that it has; the repository by itself has not what the upstream has."""
    listed = list_of(ours(private), theirs(store_of(upstream)), place=private)
    deps = [
        Dep(name="by-list", registry=listed.index_url),
        Dep(name="by-itself", registry=private.index_url),
        Dep(name="by-upstream", registry=upstream.index_url),
        Dep(name="serde", registry=CRATES_IO),
        Dep(name="third", registry=THIRD),
    ]
    private.publish(Crate(name, deps=deps))
    always = {"by-itself": None, "serde": CRATES_IO, "third": THIRD}
    urls = {"by-list": listed.index_url, "by-upstream": upstream.index_url}
    assert registries(listed, name) == always | dict.fromkeys(urls)
    assert registries(private, name) == always | urls


def test_crates_io_is_null_where_the_list_stands_in_for_it(
    private: Registry, store_of: StoreOf, upstream: SparseUpstream, list_of: ListOf, name: str
) -> None:
    """But not where it is asked for some names only."""
    private.publish(Crate(name, deps=[Dep(name="serde", registry=CRATES_IO)]))
    crates_io = store_of(upstream, url=CRATES_IO_SPARSE)
    for fields, expected in (({}, None), ({"patterns": ["a*"]}, CRATES_IO)):
        listed = list_of(ours(private), theirs(crates_io, **fields))
        assert registries(listed, name) == {"serde": expected}


def test_dependencies_of_an_upstreams_crates(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf, name: str
) -> None:
    """As they came, byte by byte: none of them becomes one of ours by standing in a list."""
    deps = [{"name": n, "req": "^1", "registry": r} for n, r in (("a", None), ("b", THIRD))]
    upstream.have(Crate(name), deps=[*deps, {"name": "c", "req": "^1", "registry": CRATES_IO}])
    listed = list_of(ours(private), theirs(store_of(upstream)))
    assert listed.index_file(name).body == upstream.pages[at(name)].body
    assert registries(listed, name) == {"a": None, "b": THIRD, "c": CRATES_IO}


def test_list_has_the_crates_of_a_repository_at_its_newest_version(
    upstream: SparseUpstream,
    private: Registry,
    stack: Stack,
    store_of: StoreOf,
    list_of: ListOf,
    name: str,
) -> None:
    """Also after a change by the REST API: a removed crate is gone, and its name still claimed."""
    private.publish(Crate(name))
    upstream.have(Crate(name, files={"src/lib.rs": b"// theirs"}), Crate(name, "2.0.0"))
    listed = list_of(ours(private), theirs(store_of(upstream)))
    assert versions(listed, name) == ["1.0.0"]
    (unit,) = stack.rest.list("content/cargo/crates/", name=name)
    stack.rest.post(f"{private.repository}modify/", remove_content_units=[unit["pulp_href"]])
    assert listed.index_file(name).status == 404
    assert upstream.paths(name) == []
