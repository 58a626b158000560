"""A stack of its own, with two content processes, for the tests that hurt it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack, started

CONTENT_WORKERS = 2


@pytest.fixture(scope="package")
def stack(open_directory: Path) -> Iterator[Stack]:
    """A running Pulp, of which any process may be killed."""
    with started(open_directory / "faults", f"--content-workers={CONTENT_WORKERS}") as own:
        yield own


@pytest.fixture(scope="package")
def registry(stack: Stack) -> Registry:
    """The registry that is there from the start."""
    return stack.registry
