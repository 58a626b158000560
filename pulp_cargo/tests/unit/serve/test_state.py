"""When a database needs a bootstrap again."""

from pathlib import Path

from pulp_cargo.serve.state import State, fingerprint, read_state, write_state

STATE = State("here/pulp", "abc", "/pulp/cargo/my-crates/", True)


def test_state_is_remembered_of_its_own_database_only(tmp_path: Path):
    """Another `--database` starts from nothing."""
    write_state(tmp_path / "state.json", STATE)
    assert read_state(tmp_path / "state.json", "here/pulp") == STATE
    assert read_state(tmp_path / "state.json", "there/pulp") is None


def test_state_of_an_earlier_version_knows_no_cache(tmp_path: Path):
    """So the next start makes one."""
    old = '{"database": "d", "fingerprint": "f", "registry_path": "/r/", "admin_password_known": true}'
    (tmp_path / "state.json").write_text(old)
    state = read_state(tmp_path / "state.json", "d")
    assert state is not None and state.cache_path is None


def test_unreadable_state_is_none(tmp_path: Path):
    """Then the bootstrap finds out by itself what is there."""
    file = tmp_path / "state.json"
    assert read_state(file, "here/pulp") is None
    for text in ("", "[]", '{"other": 1}'):
        file.write_text(text)
        assert read_state(file, "here/pulp") is None


def test_fingerprint_stays_without_a_change():
    """A restart costs no bootstrap."""
    assert fingerprint() == fingerprint()
