"""Keys for signatures, which take a while to make."""

from collections.abc import Iterator

import pytest

from pulp_cargo.tests.support.keys import Key, key

__all__ = ["key"]


@pytest.fixture(scope="session")
def other_key() -> Iterator[Key]:
    """The key of somebody else."""
    made = Key("Somebody <else@example.org>")
    yield made
    made.close()
