"""An upstream registry that a test fills and breaks, and caches of it."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.cache import Cache, make_cache
from pulp_cargo.tests.support.certificate import Certificate, make_certificate
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack

Shared = Callable[[str], Cache]


class CacheOf(Protocol):
    """Makes caches."""

    def __call__(
        self, upstream: SparseUpstream, *, distribution: dict[str, Any] | None = None, **remote: Any
    ) -> Cache:
        """Return a cache of a registry; fields are those of the distribution and of the remote."""


@pytest.fixture
def elsewhere() -> Iterator[SparseUpstream]:
    """Another one, at another port."""
    with sparse_upstream.running() as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that nobody knows."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(certificate: Certificate) -> Iterator[SparseUpstream]:
    """An upstream registry behind TLS."""
    with sparse_upstream.running(certificate.for_servers()) as server:
        yield server


@pytest.fixture
def cache_of(stack: Stack) -> CacheOf:
    """Makes caches whose index files are old at once, and that keep what was asked for."""

    def make(
        upstream: SparseUpstream, *, distribution: dict[str, Any] | None = None, **remote: Any
    ) -> Cache:
        return make_cache(stack, upstream.index_url, distribution=distribution, **remote)

    return make


@pytest.fixture(scope="session")
def shared(stack: Stack, lasting: SparseUpstream) -> Shared:
    """Returns the cache of a policy that tests share, for whom crates of their own are enough."""
    return functools.cache(lambda policy: make_cache(stack, lasting.index_url, policy=policy))


@pytest.fixture
def cache(shared: Shared) -> Cache:
    """A cache that keeps what was asked for, and has crates of other tests."""
    found = shared("on_demand")
    # A test before may have hurt its upstream, which is left alone for a while after that.
    missing = unique("x")
    assert launcher.wait_for(lambda: found.registry.index_file(missing).status == 404)
    return found


@pytest.fixture
def own(cache_of: CacheOf, upstream: SparseUpstream) -> Cache:
    """One that nobody else has used, to be hurt: what is known of its upstream's health, too."""
    return cache_of(upstream)
