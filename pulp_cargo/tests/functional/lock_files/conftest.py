"""Caches that are asked about lock files, and what they answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pulp_cargo.tests.support.cache import Cache, make_cache
from pulp_cargo.tests.support.rest import Rest
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gate:
    """A distribution that is asked about lock files."""

    rest: Rest
    href: str
    crates_io: bool | None = True

    def check(self, lock: str, **wanted: Any) -> dict[str, Any]:
        """Return the report on a lock file; its packages of crates.io are from the upstream."""
        fields = {"crates_io": self.crates_io} | wanted
        return self.rest.post(f"{self.href}check/", lock_file=lock, **fields)

    def rows(self, lock: str, **wanted: Any) -> list[Row]:
        """Return the packages of the report."""
        return list(self.check(lock, **wanted)["packages"])

    def row(self, lock: str, **wanted: Any) -> Row:
        """Return the only package of the report."""
        (row,) = self.rows(lock, **wanted)
        return row

    def prefetch(self, lock: str, **wanted: Any) -> dict[str, Any]:
        """Fetch what is missing, and return the task."""
        fields = {"crates_io": self.crates_io} | wanted
        return self.rest.post(f"{self.href}prefetch/", lock_file=lock, **fields)


@pytest.fixture
def cache(stack: Stack, upstream: SparseUpstream) -> Cache:
    """A cache of the upstream that has kept nothing yet."""
    return make_cache(stack, upstream.index_url)


@pytest.fixture
def gate_of(stack: Stack) -> Callable[[Cache], Gate]:
    """Makes the gate of a cache."""
    return lambda cache: Gate(stack.rest, cache.registry.href)


@pytest.fixture
def gate(gate_of: Callable[[Cache], Gate], cache: Cache) -> Gate:
    """The gate of the cache."""
    return gate_of(cache)


@pytest.fixture(scope="session")
def rest(stack: Stack) -> Rest:
    """The REST API as the administrator sees it."""
    return stack.rest
