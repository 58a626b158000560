"""Which PostgreSQL is chosen, and whether its account gets to its files."""

from pathlib import Path

import pytest

from pulp_cargo.serve.data_dir import DataDir
from pulp_cargo.serve.errors import ServeError
from pulp_cargo.serve.postgres_binaries import find_binaries, first_closed, require_reachable
from pulp_cargo.serve.processes import Account

STRANGER = Account("stranger", 54321, 54321)


@pytest.fixture
def open_path(tmp_path: Path) -> Path:
    """A directory that everybody may enter, whatever pytest's own are like."""
    for directory in (tmp_path, *tmp_path.parents):
        if directory.is_relative_to("/tmp") and directory != Path("/tmp"):
            directory.chmod(0o711)
    return tmp_path


def test_first_closed_directory_is_named(open_path: Path):
    """One has to know which directory to open."""
    (open_path / "closed" / "inner").mkdir(parents=True)
    (open_path / "closed").chmod(0o700)
    assert first_closed(open_path, STRANGER) is None
    assert first_closed(open_path / "closed" / "inner", STRANGER) == open_path / "closed"


def test_closed_data_dir_is_refused(open_path: Path):
    """The message says what to do."""
    open_path.chmod(0o700)
    with pytest.raises(ServeError, match=f"`stranger`, .* run `chmod o.x {open_path}`"):
        require_reachable(DataDir(open_path), STRANGER)


def test_data_of_another_major_is_refused(tmp_path: Path):
    """PostgreSQL reads only data of its own major version."""
    data = DataDir(tmp_path)
    data.postgres.mkdir()
    (data.postgres / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServeError, match="belongs to PostgreSQL 9"):
        find_binaries(data)
