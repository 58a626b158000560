"""What a cache has kept is an ordinary repository: versions, pins, roll-back, other registries."""

from typing import Any

import pytest

from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream

DEPS = [Dep(name="same"), Dep(name="serde", registry="sparse+https://other.example/i/")]


@pytest.fixture
def cache(own: Cache) -> Cache:
    """A cache with versions of its own."""
    return own


@pytest.fixture
def crates(upstream: SparseUpstream, cache: Cache, name: str) -> list[Crate]:
    """Three versions, of which the first was asked for, then the second."""
    crates = [
        Crate(name, vers, deps=DEPS, features={"f": ["serde/x"]})
        for vers in ("1.0.0", "1.1.0", "1.2.0")
    ]
    upstream.have(*crates)
    for number in (1, 2):
        assert cache.registry.download(name, crates[number - 1].vers).status == 200
        assert cache.keeps(*(f"{name} {crate.vers}" for crate in crates[:number]))
    assert cache.version == 2
    return crates


def serves(registry: Registry, upstream: SparseUpstream, crates: list[Crate]) -> None:
    """Fail unless a registry has just these versions of a crate, all without the upstream."""
    name = crates[0].name
    before = len(upstream.asked)
    with upstream.switched_off():
        entries = registry.index(name)
        assert [entry["vers"] for entry in entries] == [crate.vers for crate in crates]
        for crate in crates:
            answer = registry.download(name, crate.vers)
            assert answer.body == crate.packed(upstream.index_url)
        assert registry.download(name, "1.2.0").status == 404
        assert registry.index_file(f"{name}-no").status == 404
    assert len(upstream.asked) == before


@pytest.mark.parametrize("also_remote", [False, True], ids=["alone", "with the remote"])
def test_pinned_to_a_version(
    upstream: SparseUpstream, cache: Cache, crates: list[Crate], also_remote: bool
) -> None:
    """It serves just what is in that version, whatever else the distribution has."""
    first = f"{cache.registry.repository}versions/1/"
    more: dict[str, Any] = {"remote": cache.remote} if also_remote else {}
    pinned = cache.stack.make_registry(allow_uploads=False, **more)
    cache.rest.set(pinned.href, repository=None, repository_version=first)
    serves(pinned, upstream, crates[:1])


def test_distribution_of_the_repository_alone(
    upstream: SparseUpstream, cache: Cache, crates: list[Crate]
) -> None:
    """It serves all that was kept, and nothing more."""
    alone = cache.stack.make_registry(of=cache.registry, allow_uploads=False)
    serves(alone, upstream, crates[:2])


@pytest.mark.parametrize(
    "end", ["detached", "deleted", "remote deleted", "another URL", "unlisted"]
)
def test_lines_mean_the_same_when_it_is_a_cache_no_more(
    upstream: SparseUpstream, cache: Cache, crates: list[Crate], name: str, end: str
) -> None:
    """Lock files that were made with it still hold."""
    alone = cache.stack.make_registry(of=cache.registry, allow_uploads=False)
    if end == "unlisted":
        entry = {"name": "up", "remote": cache.remote, "repository": cache.registry.repository}
        listed = cache.stack.make_registry(allow_uploads=False)
        cache.rest.set(listed.href, repository=None, upstreams=[entry])
        cache.rest.set(cache.registry.href, remote=None)
        cache.rest.set(listed.href, upstreams=[])
    elif end == "detached":
        cache.rest.set(cache.registry.href, remote=None)
    elif end == "deleted":
        cache.rest.delete(cache.registry.href)
    elif end == "remote deleted":
        cache.rest.delete(cache.remote)
    else:
        cache.change(url="sparse+https://elsewhere.example/")
    deps = [dep["registry"] for dep in alone.entry(name)["deps"]]
    assert deps == [None, "sparse+https://other.example/i/"]


def test_what_was_just_served_stays_when_the_remote_goes(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """It waits for others to be stored with it, which is no reason to lose it."""
    upstream.have(Crate(name))
    assert own.registry.download(name).status == 200
    own.rest.set(own.registry.href, remote=None)
    assert wait_for(lambda: own.registry.download(name).status == 200)


def test_lines_mean_the_same_there(
    upstream: SparseUpstream, cache: Cache, crates: list[Crate], name: str
) -> None:
    """A dependency without registry is one of the upstream, for which the repository stands in."""
    alone = cache.stack.make_registry(of=cache.registry, allow_uploads=False)
    ours, theirs = alone.entry(name), cache.registry.entry(name)
    for key in ("name", "vers", "cksum", "features", "yanked", "pubtime"):
        assert ours[key] == theirs[key], key
    assert [(dep["name"], dep.get("registry")) for dep in ours["deps"]] == [
        ("same", None),
        ("serde", "sparse+https://other.example/i/"),
    ]


def test_dependency_on_crates_io_stays_one(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """In an upstream that is another registry."""
    crate = Crate(name, deps=[Dep(name="serde", registry=CRATES_IO)])
    upstream.have(crate, deps=[{"name": "serde", "req": "^1", "registry": CRATES_IO}])
    assert cache.registry.download(name).status == 200
    assert cache.keeps(f"{name} 1.0.0")
    alone = cache.stack.make_registry(of=cache.registry, allow_uploads=False)
    for registry in (cache.registry, alone):
        (dep,) = registry.entry(name)["deps"]
        assert dep["registry"] == CRATES_IO


def test_roll_back(upstream: SparseUpstream, cache: Cache, crates: list[Crate], name: str) -> None:
    """The index is still the upstream's, and what was kept no longer is fetched again."""
    cache.rest.post(
        f"{cache.registry.repository}modify/",
        base_version=f"{cache.registry.repository}versions/1/",
    )
    assert cache.kept(name) == {f"{name} 1.0.0"}
    assert len(cache.registry.index(name)) == 3
    assert cache.registry.download(name, "1.1.0").body == crates[1].packed(upstream.index_url)
    assert cache.keeps(f"{name} 1.0.0", f"{name} 1.1.0")


def test_cache_is_no_place_for_own_crates(cache: Cache) -> None:
    """A distribution with a remote cannot take uploads: its index is the upstream's."""
    assert cache.registry.send(Crate("own")).status == 403


def test_kept_in_the_repository_of_a_second_cache(
    upstream: SparseUpstream, cache: Cache, crates: list[Crate], name: str
) -> None:
    """Another store of the same upstream: the file is fetched for neither again."""
    second = cache.stack.make_registry(remote=cache.remote, allow_uploads=False)
    before = len(upstream.asked)
    assert second.download(name).body == crates[0].packed(upstream.index_url)
    assert [one.path for one in upstream.asked[before:] if one.path.endswith("/download")] == []
