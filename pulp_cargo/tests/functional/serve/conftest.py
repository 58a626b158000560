"""One data directory for all tests of `pulp-cargo serve`: only its first start is a slow one."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.serve.launcher import Running


@pytest.fixture(scope="package")
def scratch() -> Iterator[Path]:
    """A directory that PostgreSQL's account can get to (pytest's own are closed to others)."""
    directory = Path(tempfile.mkdtemp(prefix="pulp-cargo-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="package")
def first_start(scratch: Path) -> dict[str, object]:
    """What the very first start said; the registry has been stopped since."""
    with launcher.running(scratch / "data") as registry:
        return registry.ready


@pytest.fixture(scope="package")
def data_dir(scratch: Path, first_start: dict[str, object]) -> Path:
    """A data directory that has been used before."""
    return scratch / "data"


@pytest.fixture(scope="module")
def registry(data_dir: Path) -> Iterator[Running]:
    """A registry that is up, for tests that leave it so."""
    with launcher.running(data_dir) as running:
        yield running
