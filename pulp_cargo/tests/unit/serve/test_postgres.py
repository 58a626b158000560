"""The options of the launcher's own PostgreSQL."""

from pathlib import Path

import pytest

from pulp_cargo.serve import postgres
from pulp_cargo.serve.data_dir import DataDir
from pulp_cargo.serve.postgres_binaries import Binaries


@pytest.mark.parametrize(("version", "has_it"), [("15.12", False), ("17.2", False), ("18.1", True)])
def test_options_are_those_of_the_version(tmp_path: Path, version: str, has_it: bool):
    """PostgreSQL before 18 refuses to start with the option."""
    binaries = Binaries(tmp_path / "bin", version)
    spec = postgres.server(binaries, None, DataDir(tmp_path), tmp_path / "socket")
    assert ("io_method=sync" in spec.argv) is has_it
