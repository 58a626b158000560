"""The real cargo, with the stack's first registry as `mine`."""

from pathlib import Path

import pytest

from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.registry import Registry


@pytest.fixture
def cargo(tmp_path: Path, registry: Registry) -> Cargo:
    """A cargo that has never run before."""
    return Cargo(tmp_path / "home", {"mine": registry}).configure()
