"""One data directory for all tests of `pulp-cargo serve`, a copy of what the first start has made."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.functional.serve.launcher import AS_IT_IS, Restartable, Running
from pulp_cargo.tests.support import template


@pytest.fixture(scope="package")
def scratch() -> Iterator[Path]:
    """A directory that PostgreSQL's account can get to (pytest's own are closed to others)."""
    directory = Path(tempfile.mkdtemp(prefix="pulp-cargo-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def first_start() -> dict[str, Any]:
    """What the very first start of this run said; the registry has been stopped since."""
    return template.first_start()


@pytest.fixture(scope="package")
def serving(scratch: Path) -> Iterator[Restartable]:
    """A registry that any test may stop: the next one that needs it starts it."""
    data_dir = scratch / "data"
    template.copy_to(data_dir, AS_IT_IS)
    registry = Restartable(data_dir)
    yield registry
    registry.stop()


@pytest.fixture(scope="package")
def data_dir(serving: Restartable) -> Path:
    """A data directory that has been used before."""
    return serving.data_dir


@pytest.fixture
def registry(serving: Restartable) -> Running:
    """A registry that is up."""
    return serving.up()
