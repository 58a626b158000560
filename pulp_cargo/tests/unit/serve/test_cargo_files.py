"""Cargo's own files, written by the launcher."""

import stat
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from pulp_cargo.serve.cargo_files import CargoFiles, files_for
from pulp_cargo.serve.errors import ServeError
from pulp_cargo.tests.unit.serve.test_report import CACHE, INDEX, READY

CONFIG = {
    "registries": {
        "my-crates": {"index": INDEX, "credential-provider": "cargo:token"},
        "pulp-crates-io": {"index": CACHE},
    },
    "source": {
        "crates-io": {"replace-with": "pulp-crates-io"},
        "pulp-crates-io": {"registry": CACHE},
    },
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home directory of cargo."""
    return tmp_path / "cargo"


@pytest.fixture
def files(home: Path) -> CargoFiles:
    """The files there."""
    return files_for(READY, {"CARGO_HOME": str(home)})


def test_new_files_have_all_that_cargo_needs(home: Path, files: CargoFiles) -> None:
    """Both are created, the one with the token for its owner only."""
    assert not files.are_complete
    config, credentials = home / "config.toml", home / "credentials.toml"
    assert list(files.write()) == [f"wrote {config}", f"wrote {credentials}"]
    assert tomllib.loads(config.read_text()) == CONFIG
    token = {"registries": {"my-crates": {"token": READY.token}}}
    assert tomllib.loads(credentials.read_text()) == token
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    assert files.are_complete
    assert list(files.write()) == []


def test_everything_else_is_left_as_it_was(home: Path, files: CargoFiles) -> None:
    """Comments, order, mode and other registries; and the old file is beside the new one."""
    home.mkdir()
    old = '# Mine.\n[build]\njobs = 2 # few\n\n[registries.team]\nindex = "sparse+https://team/"\n'
    config = home / "config.toml"
    config.write_text(old)
    config.chmod(0o644)
    assert f"wrote {config}; the old one is {config}.bak1" in files.write()
    text = config.read_text()
    assert text.startswith(old)
    assert tomllib.loads(text)["registries"] == {
        "team": {"index": "sparse+https://team/"},
        **CONFIG["registries"],
    }
    assert stat.S_IMODE(config.stat().st_mode) == 0o644
    assert (home / "config.toml.bak1").read_text() == old


def test_copies_are_never_overwritten(home: Path, files: CargoFiles) -> None:
    """The first one has what was there before any start."""
    list(files.write())
    other = replace(READY, index_url="sparse+http://127.0.0.1:1/pulp/cargo/my-crates/")
    list(files_for(other, {"CARGO_HOME": str(home)}).write())
    list(files.write())
    names = sorted(path.name for path in home.iterdir() if "config" in path.name)
    assert names == ["config.toml", "config.toml.bak1", "config.toml.bak2"]
    assert tomllib.loads((home / "config.toml").read_text()) == CONFIG


def test_other_replacement_of_crates_io_stays(home: Path, files: CargoFiles) -> None:
    """Builds may depend on it; the registries are added, and the message says what is left."""
    home.mkdir()
    config = home / "config.toml"
    config.write_text('[source.crates-io]\nreplace-with = "vendored"\n')
    said = list(files.write())
    assert said[0] == f"{config} replaces crates.io with `vendored`; this was not changed"
    found = tomllib.loads(config.read_text())
    assert found["source"]["crates-io"] == {"replace-with": "vendored"}
    assert found["registries"] == CONFIG["registries"]
    assert files.are_complete


def test_old_names_of_the_files_are_used_if_they_exist(home: Path) -> None:
    """Cargo prefers them, and would not read the new ones."""
    home.mkdir()
    (home / "config").write_text("")
    (home / "credentials").write_text("")
    list(files_for(READY, {"CARGO_HOME": str(home)}).write())
    assert tomllib.loads((home / "config").read_text()) == CONFIG
    assert not (home / "config.toml").exists()
    assert not (home / "credentials.toml").exists()


def test_link_stays_a_link(home: Path, files: CargoFiles, tmp_path: Path) -> None:
    """Many people have these files in a repository of their own."""
    home.mkdir()
    target = tmp_path / "dotfiles.toml"
    target.write_text("")
    (home / "config.toml").symlink_to(target)
    list(files.write())
    assert (home / "config.toml").is_symlink()
    assert tomllib.loads(target.read_text()) == CONFIG


@pytest.mark.parametrize("text", ["[registries", "registries = 1\n"])
def test_file_that_makes_no_sense_is_refused(home: Path, files: CargoFiles, text: str) -> None:
    """It is the user's to mend, and stays as it is."""
    home.mkdir()
    (home / "config.toml").write_text(text)
    with pytest.raises(ServeError, match=r"config\.toml"):
        list(files.write())
    assert not files.are_complete
    assert (home / "config.toml").read_text() == text


def test_nothing_is_written_about_what_is_not_there(home: Path) -> None:
    """Neither a registry that was deleted, nor a cache that was never made."""
    nothing = replace(READY, index_url=None, cache_index_url=None, token=None)
    files = files_for(nothing, {"CARGO_HOME": str(home)})
    assert files.are_complete
    assert list(files.write()) == []
    assert not home.exists()
