"""A token is written where cargo looks for it, and nothing else in the file changes."""

import re
from pathlib import Path

import pytest

from pulpcore.cli.cargo.credentials import (
    Credentials,
    NotWritable,
    default_path,
    registry_key,
)

from pulp_cargo.protocol import cargo_config

BEFORE = """\
# Mine.
[registries.other]
token = "secret-1" # do not lose

[registries.team]
token = "old"
secret-key = "k"

[registry]
token = "of crates.io"
"""


def test_only_the_one_token_changes(tmp_path: Path) -> None:
    """Comments, other registries and other keys of the same one stay as they are."""
    path = tmp_path / "credentials.toml"
    path.write_text(BEFORE)
    Credentials(path, "team").save("new")
    assert path.read_text() == BEFORE.replace('"old"', '"new"')
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Missing folders are made as well."""
    path = tmp_path / "home" / "credentials.toml"
    Credentials(path, "team").save("new")
    assert path.read_text() == '[registries.team]\ntoken = "new"\n'
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["credentials.toml"]


def test_a_file_that_is_a_link_stays_one(tmp_path: Path) -> None:
    """People keep such files elsewhere."""
    (tmp_path / "real").write_text("")
    link = tmp_path / "credentials.toml"
    link.symlink_to(tmp_path / "real")
    Credentials(link, "team").save("new")
    assert link.is_symlink()
    assert 'token = "new"' in (tmp_path / "real").read_text()


@pytest.mark.parametrize("text", ["registries = 1\n", "[registries]\nteam = 'x'\n", "no TOML"])
def test_a_file_that_cannot_take_a_token_is_refused(tmp_path: Path, text: str) -> None:
    """Before there is a token that would be lost, and the file stays as it is."""
    path = tmp_path / "credentials.toml"
    path.write_text(text)
    with pytest.raises(NotWritable, match=r"credentials\.toml"):
        Credentials(path, "team")
    assert path.read_text() == text


def test_cargos_own_file_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of CARGO_HOME, under the old name where a file of that name is there."""
    monkeypatch.setenv("CARGO_HOME", str(tmp_path))
    assert default_path() == tmp_path / "credentials.toml"
    (tmp_path / "credentials").touch()
    assert default_path() == tmp_path / "credentials"


@pytest.mark.parametrize(
    "name", ["team", "my crates", "a/b", "2024", "crates-io", "…", "-a-", "équipe", "größe"]
)
def test_a_registry_has_the_name_of_the_printed_configuration(name: str) -> None:
    """cargo looks for the token below that name."""
    assert registry_key(name) == cargo_config.registry_key(name)


@pytest.mark.parametrize("name", ["équipe", "größe", "日本"])
def test_key_can_be_written_in_a_variable(name: str) -> None:
    """`CARGO_REGISTRIES_<KEY>_TOKEN` has ASCII letters, digits and `_` alone."""
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", registry_key(name))
