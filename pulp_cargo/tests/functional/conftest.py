"""An upstream registry that a test fills and breaks."""

from collections.abc import Iterator

import pytest

from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream


@pytest.fixture(scope="session")
def lasting() -> Iterator[SparseUpstream]:
    """An upstream registry for all tests."""
    with sparse_upstream.running() as server:
        yield server


@pytest.fixture
def upstream(lasting: SparseUpstream) -> SparseUpstream:
    """An upstream registry without crates."""
    lasting.forget()
    return lasting
