"""The profile for the command line `pulp`."""

import stat
import tomllib
from pathlib import Path

import pytest

from pulp_cargo.serve.cli_profile import Profile, provide, settings_file
from pulp_cargo.serve.errors import ServeError

URL = "http://127.0.0.1:24817"
OURS = {"base_url": URL, "username": "admin", "password": "secret"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The settings file, which does not exist yet."""
    return tmp_path / "pulp" / "cli.toml"


def profiles(path: Path) -> dict[str, object]:
    """The tables of the file."""
    return tomllib.loads(path.read_text())


def test_first_profile_is_the_default_one(path: Path) -> None:
    """`pulp` needs no option, and nobody else can read the password."""
    assert provide(path, URL, "secret") == Profile("", is_new=True)
    assert profiles(path) == {"cli": OURS}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert provide(path, URL, "secret") == Profile("")


def test_default_profile_of_the_user_is_never_changed(path: Path) -> None:
    """Ours gets a name beside it, and follows this Pulp from then on."""
    path.parent.mkdir()
    path.write_text('# Work.\n[cli]\nbase_url = "https://pulp.example.org"\n')
    assert provide(path, URL, "secret").options == "--profile pulp-cargo "
    assert provide(path, URL, "other") == Profile("pulp-cargo", is_new=True)
    assert profiles(path) == {
        "cli": {"base_url": "https://pulp.example.org"},
        "cli-pulp-cargo": {**OURS, "password": "other"},
    }
    assert path.read_text().startswith("# Work.\n[cli]\n")
    assert [one.name for one in path.parent.iterdir()] == ["cli.toml"]


def test_profile_with_more_settings_is_used_as_it_is(path: Path) -> None:
    """Such as another output format."""
    path.parent.mkdir()
    text = f'[cli]\nformat = "yaml"\nusername = "admin"\npassword = "secret"\nbase_url = "{URL}"\n'
    path.write_text(text)
    assert provide(path, URL, "secret") == Profile("")
    assert path.read_text() == text


def test_unknown_password_makes_no_profile(path: Path) -> None:
    """It may have been changed, and then only its owner knows it."""
    assert provide(path, URL, None) is None
    assert not path.exists()
    path.parent.mkdir()
    path.write_text(f'[cli]\nbase_url = "{URL}"\nusername = "admin"\npassword = "mine"\n')
    assert provide(path, URL, None) == Profile("")


def test_file_that_makes_no_sense_is_refused(path: Path) -> None:
    """It stays as it is."""
    path.parent.mkdir()
    path.write_text("[cli")
    with pytest.raises(ServeError, match=r"cli\.toml cannot be read as TOML"):
        provide(path, URL, "secret")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_CONFIG_HOME": "/config"}, Path("/config/pulp/cli.toml")),
        ({}, Path.home() / ".config/pulp/cli.toml"),
    ],
)
def test_settings_file_is_where_pulp_cli_looks(environ: dict[str, str], expected: Path) -> None:
    """The path of click's `get_app_dir`."""
    assert settings_file(environ) == expected
