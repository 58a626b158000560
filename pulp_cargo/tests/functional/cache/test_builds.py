"""Two versions that differ in their build metadata alone, as crates.io has hundreds of pairs."""

import json

import pytest

from pulp_cargo.tests.functional.cache.conftest import Shared
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, index_line

PLAIN, BUILT = "0.4.0", "0.4.0+25"


@pytest.fixture
def pair(upstream: SparseUpstream, name: str) -> list[Crate]:
    """Both versions of a crate, with other bytes each."""
    crates = [Crate(name, vers) for vers in (PLAIN, BUILT)]
    upstream.have(*crates)
    return crates


def yanks(registry: Registry, name: str) -> list[tuple[str, bool]]:
    """Return the lines of an index file, and which of them are yanked."""
    return [(line["vers"], line["yanked"]) for line in registry.index(name)]


def served_without(upstream: SparseUpstream, registry: Registry, pair: list[Crate]) -> None:
    """Fail unless a registry has both versions while the upstream is away."""
    with upstream.switched_off():
        assert yanks(registry, pair[0].name) == [(PLAIN, False), (BUILT, False)]
        for crate in pair:
            answer = registry.download(crate.name, crate.vers)
            assert (answer.status, answer.body) == (200, crate.packed(upstream.index_url))
        assert registry.download(pair[0].name, "0.4.0+26").status == 404


@pytest.mark.parametrize("policy", ["on_demand", "immediate"])
def test_both_are_kept(
    upstream: SparseUpstream, shared: Shared, pair: list[Crate], name: str, policy: str
) -> None:
    """And served without the upstream; whoever takes the store over has both lines of the index."""
    cache = shared(policy)
    for crate in pair[: 1 if policy == "immediate" else 2]:
        assert cache.registry.download(name, crate.vers).status == 200
    assert cache.keeps(f"{name} {PLAIN}", f"{name} {BUILT}")
    served_without(upstream, cache.registry, pair)
    alone = cache.stack.make_registry(of=cache.registry, allow_uploads=False)
    served_without(upstream, alone, pair)
    assert len([path for path in upstream.paths(name) if path.endswith("/download")]) == 2


def test_second_comes_later(
    upstream: SparseUpstream, cache: Cache, pair: list[Crate], name: str
) -> None:
    """It joins what the repository has of the number."""
    for crate, kept in zip(pair, ([PLAIN], [PLAIN, BUILT]), strict=True):
        assert cache.registry.download(name, crate.vers).status == 200
        assert cache.keeps(*(f"{name} {vers}" for vers in kept))
    served_without(upstream, cache.registry, pair)


def test_yank_of_one(upstream: SparseUpstream, cache: Cache, pair: list[Crate], name: str) -> None:
    """Only that one is yanked in the store, and the other when the upstream says so."""
    alone = cache.stack.make_registry(of=cache.registry, allow_uploads=False)
    for crate in pair:
        cache.registry.download(name, crate.vers)
    assert cache.keeps(f"{name} {PLAIN}", f"{name} {BUILT}")
    for yanked in ([False, True], [True, False]):
        lines = [
            index_line(crate, upstream.index_url) | {"yanked": is_yanked}
            for crate, is_yanked in zip(pair, yanked, strict=True)
        ]
        upstream.index(name, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        wanted = list(zip((PLAIN, BUILT), yanked, strict=True))
        assert yanks(cache.registry, name) == wanted
        assert wait_for(lambda wanted=wanted: yanks(alone, name) == wanted)
