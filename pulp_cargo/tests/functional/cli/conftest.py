"""The command line, set up for the administrator of the stack."""

from pathlib import Path

import pytest

from pulp_cargo.tests.support.pulp import Pulp
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture(scope="session")
def pulp(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Pulp:
    """`pulp` as the administrator has it; keeps the API's description for all tests."""
    home: Path = tmp_path_factory.mktemp("pulp-cli")
    assert stack.rest.auth is not None
    return Pulp(home, stack.rest.origin, stack.rest.auth)
