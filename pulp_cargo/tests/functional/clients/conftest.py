"""A registry and a cache in place of crates.io, as clients of crates.io are used with both."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pulp_cargo.tests.support import clients
from pulp_cargo.tests.support.cache import Cache, make_cache
from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack

With = Callable[..., Cargo]


@pytest.fixture
def cache(stack: Stack, upstream: SparseUpstream, name: str) -> Cache:
    """A cache of a registry that stands for crates.io, with three versions of a crate."""
    cache = make_cache(stack, upstream.index_url)
    upstream.have(*(Crate(f"{name}-tea", vers) for vers in ("1.0.0", "1.1.0", "2.0.0")))
    return cache


@pytest.fixture
def cargo_with(registry: Registry, cache: Cache, tmp_path: Path) -> With:
    """Returns a cargo with a client of `VERSIONS`, the registry `mine`, and no other crates.io."""

    def make(client: str, *, mine: Registry = registry, **environ: str) -> Cargo:
        known = {"mine": mine, "cache": cache.registry}
        both = {**clients.environ_with(client), **environ}
        # The lines of the cache's own config.toml.
        replaced = (
            f'[source.crates-io]\nreplace-with = "cache"\n'
            f'[source.cache]\nregistry = "{cache.registry.index_url}"\n'
        )
        return Cargo(tmp_path / "home", known, provider=True, environ=both).configure(replaced)

    return make
