"""The command line of `pulp-cargo serve`."""

from pathlib import Path

import pytest

from pulp_cargo.serve.options import default_data_dir, parse_options


def test_defaults_are_pulps_ports_on_loopback():
    """Nobody else on the network reaches a registry that was started without options."""
    options = parse_options(["serve"])
    assert (options.bind, options.content_port, options.api_port) == ("127.0.0.1", 24816, 24817)
    assert (options.database, options.content_workers) == (None, 1)
    assert (options.as_json, options.write_cargo_config) == (False, False)


def test_cache_of_crates_io_can_be_left_out():
    """It is made unless somebody says no."""
    assert parse_options(["serve"]).with_cache is True
    assert parse_options(["serve", "--no-cache"]).with_cache is False


def test_data_dir_is_made_absolute():
    """The children run elsewhere."""
    options = parse_options(["serve", "--data-dir", "here"])
    assert options.data_dir == Path.cwd() / "here"


@pytest.mark.parametrize(
    ("is_root", "environ", "expected"),
    [
        (True, {"XDG_DATA_HOME": "/data"}, Path("/var/lib/pulp-cargo")),
        (False, {"XDG_DATA_HOME": "/data"}, Path("/data/pulp-cargo")),
        (False, {}, Path.home() / ".local/share/pulp-cargo"),
        (False, {"XDG_DATA_HOME": ""}, Path.home() / ".local/share/pulp-cargo"),
    ],
)
def test_default_data_dir(is_root: bool, environ: dict[str, str], expected: Path):
    """XDG Base Directory for people, /var/lib for root."""
    assert default_data_dir(is_root=is_root, environ=environ) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["serve", "--content-port=65536"],
        ["serve", "--api-port=x"],
        ["serve", "--content-workers=0"],
        ["serve", "--origin=crates.example.com"],
        ["serve", "--origin=https://crates.example.com/pulp"],
    ],
)
def test_wrong_command_lines_are_refused(arguments: list[str]):
    """A usage message and exit code 2, before anything is started."""
    with pytest.raises(SystemExit, match="2"):
        parse_options(arguments)


def test_origin_loses_its_final_slash():
    """Paths are joined to it."""
    options = parse_options(["serve", "--origin=https://crates.example.com/"])
    assert options.origin == "https://crates.example.com"


def test_database_may_be_named_where_nobody_sees_its_password(monkeypatch: pytest.MonkeyPatch):
    """The list of processes shows command lines to everybody; the option goes first."""
    monkeypatch.setenv("PULP_CARGO_DATABASE", "postgresql://pulp:secret@db/pulp")
    assert parse_options(["serve"]).database == "postgresql://pulp:secret@db/pulp"
    assert parse_options(["serve", "--database", "postgresql://x"]).database == "postgresql://x"
