"""A registry that asks for a token, beside the open one that all tests share."""

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture(scope="session")
def private(stack: Stack) -> Registry:
    """A registry that asks for a token on reads, with the crate `secret` in it."""
    registry = stack.make_registry(auth_required=True)
    registry.publish(Crate("secret"))
    return registry
