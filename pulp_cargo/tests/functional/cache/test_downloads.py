"""Downloads through a cache, by each of Pulp's policies."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf, Shared
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate, heavy
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, file_path

POLICIES = ("on_demand", "immediate", "streamed")


def downloads(upstream: SparseUpstream, name: str) -> list[str]:
    """Return the paths of the files that were asked for, sorted."""
    return sorted(path for path in upstream.paths(name) if path.endswith("/download"))


@pytest.mark.parametrize("policy", POLICIES)
def test_file_comes_with_our_headers(
    upstream: SparseUpstream, shared: Shared, name: str, policy: str
) -> None:
    """The bytes are the upstream's; its cookies and caching rules are not for our clients."""
    crate = heavy(name, 300_000)
    upstream.have(crate)
    page = upstream.pages[file_path(crate)]
    upstream.pages[file_path(crate)] = type(page)(
        page.body, {"Set-Cookie": "a=b", "Cache-Control": "max-age=1", "Content-Type": "text/html"}
    )
    cache = shared(policy)
    for _ in range(2):
        answer = cache.registry.download(name)
        assert (answer.status, answer.body) == (200, crate.packed())
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "application/gzip"
        assert answer.headers["etag"] == f'"{crate.cksum()}"'
        assert not {"set-cookie", "content-encoding"} & answer.headers.keys()


def test_on_demand_keeps_what_was_asked_for(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """The upstream sends it once; it joins the repository with what its manifest says."""
    wanted = Crate(name, package={"description": "Does this.", "license": "MIT"})
    upstream.have(wanted, Crate(name, "1.1.0"))
    for _ in range(3):
        assert cache.registry.download(name).body == wanted.packed()
    assert downloads(upstream, name) == [file_path(wanted)]
    assert cache.keeps(f"{name} 1.0.0")
    (unit,) = cache.rest.list("content/cargo/crates/", name=name)
    assert (unit["description"], unit["license"]) == ("Does this.", "MIT")
    assert (unit["cksum"], unit["pubtime"]) == (wanted.cksum(), "2026-01-02T03:04:05Z")
    assert unit["artifact"]


def test_immediate_keeps_the_whole_crate(
    upstream: SparseUpstream, shared: Shared, name: str
) -> None:
    """Who asks for one version gets that, and soon all others are here."""
    crates = [Crate(name, f"1.{number}.0") for number in range(5)]
    upstream.have(*crates)
    upstream.have(Crate(f"{name}-other"))
    cache = shared("immediate")
    assert cache.registry.download(name, "1.2.0").body == crates[2].packed()
    assert cache.keeps(*(f"{name} {crate.vers}" for crate in crates))
    assert downloads(upstream, name) == [file_path(crate) for crate in crates]
    with upstream.switched_off():
        for crate in crates:
            assert cache.registry.download(name, crate.vers).body == crate.packed()


def test_streamed_keeps_nothing(upstream: SparseUpstream, shared: Shared, name: str) -> None:
    """Each download asks the upstream."""
    crate = Crate(name)
    upstream.have(crate)
    cache = shared("streamed")
    cache.registry.index(name)
    with cache.keeps_nothing(name):
        for _ in range(2):
            assert cache.registry.download(name).body == crate.packed()
    assert downloads(upstream, name) == [file_path(crate)] * 2


def test_policy_can_be_changed(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """What was kept stays, and what is asked for afterwards goes by the new one."""
    upstream.have(Crate(name), Crate(name, "1.1.0"))
    cache = cache_of(upstream, policy="streamed")
    assert cache.registry.download(name).status == 200
    cache.change(policy="on_demand")
    assert cache.registry.download(name, "1.1.0").status == 200
    assert cache.keeps(f"{name} 1.1.0")


def test_many_downloads_make_few_versions(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """Thirty at once are joined in batches."""
    crates = [Crate(f"{name}-{number}") for number in range(30)]
    for crate in crates:
        upstream.have(crate)
    with ThreadPoolExecutor(10) as pool:
        bodies = list(pool.map(lambda crate: own.registry.download(crate.name).body, crates))
    assert bodies == [crate.packed() for crate in crates]
    assert own.keeps(*(f"{crate.name} 1.0.0" for crate in crates))
    # A busy machine takes more batches.
    assert own.version <= 10
    assert own.rest.list("tasks/", reserved_resources=own.registry.repository) == []


def test_cache_without_a_repository(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """It has no store, so it serves the index, and files as if they were streamed."""
    crate = Crate(name)
    upstream.have(crate)
    cache = cache_of(upstream)
    cache.rest.set(cache.registry.href, repository=None)
    assert cache.registry.entry(name)["cksum"] == crate.cksum()
    assert cache.registry.download(name).body == crate.packed()
    assert cache.version == 0


@pytest.mark.parametrize("policy", POLICIES)
def test_part_of_a_file(upstream: SparseUpstream, shared: Shared, name: str, policy: str) -> None:
    """Right whether or not the file is here; what is kept is the whole."""
    crate = heavy(name, 100_000)
    upstream.have(crate)
    cache = shared(policy)
    path = f"api/v1/crates/{name}/1.0.0/download"
    for _ in range(2):
        answer = cache.registry.get(path, Range="bytes=10-19")
        assert (answer.status, answer.body) == (206, crate.packed()[10:20])
        assert answer.headers["content-range"] == f"bytes 10-19/{len(crate.packed())}"
        assert cache.registry.get(path, Range="bytes=-0").status == 416
    assert cache.registry.download(name).body == crate.packed()


def test_head_of_a_file(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """It has no body, and is 404 for what is not there."""
    upstream.have(Crate(name))
    for vers, status in (("1.0.0", 200), ("9.0.0", 404)):
        path = f"api/v1/crates/{name}/{vers}/download"
        answer = cache.registry.request("HEAD", path)
        assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize("policy", POLICIES)
def test_version_that_the_index_does_not_have(
    upstream: SparseUpstream, shared: Shared, name: str, policy: str
) -> None:
    """404, and no file is asked for, though the upstream would have it."""
    upstream.have(Crate(name, "2.0.0"))
    upstream.have(Crate(name))
    cache = shared(policy)
    for one, vers in ((name, "2.0.0"), (name, "x"), (f"{name}-no", "1.0.0"), ("..", "1.0.0")):
        assert cache.registry.download(one, vers).status == 404
    assert downloads(upstream, name) == []


def test_yanked_versions_can_be_downloaded(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """A lock file may have them."""
    upstream.have(Crate(name), yanked=True)
    assert cache.registry.download(name).body == Crate(name).packed()
    assert cache.keeps(f"{name} 1.0.0")
    assert cache.registry.entry(name)["yanked"] is True


@pytest.mark.parametrize("policy", POLICIES)
def test_downloads_through_a_cache_are_counted(
    upstream: SparseUpstream, shared: Shared, name: str, policy: str
) -> None:
    """While the file comes, from the store and from memory; those that fail are not."""
    small, large = Crate(f"{name}-s"), heavy(f"{name}-l", 3_000_000)
    upstream.have(small)
    upstream.have(large)
    cache = shared(policy)
    for crate in (small, large):
        for _ in range(3):
            assert cache.registry.download(crate.name).body == crate.packed()
        assert cache.registry.download(crate.name, "9.9.9").status == 404
    path = f"{cache.registry.href}version_downloads/"

    def counts() -> list[int]:
        return [
            one["downloads"]
            for crate in (small, large)
            for one in cache.rest.list(path, name=crate.name)
        ]

    launcher.wait_for(lambda: counts() == [3, 3])
    assert counts() == [3, 3]
    answer = cache.registry.get(f"api/v1/crates/{small.name}/downloads")
    body = answer.json()
    days = [*body["version_downloads"], *body["meta"]["extra_downloads"]]
    assert [one["downloads"] for one in days] == [3]
