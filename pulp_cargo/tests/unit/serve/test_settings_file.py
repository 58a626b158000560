"""The settings file that Pulp reads."""

import runpy
import socket
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from pulp_cargo.serve import pulp
from pulp_cargo.serve.data_dir import DataDir
from pulp_cargo.serve.database import from_url, on_socket
from pulp_cargo.serve.ports import Listener
from pulp_cargo.serve.settings_file import api_origin, origin_aliases, write_settings

ORIGIN = "http://127.0.0.1:24816"


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    """An empty data directory, with a name that has to be quoted."""
    return DataDir(tmp_path / "it's data")


def test_settings_are_python_and_point_into_the_data_dir(data: DataDir):
    """Pulp's defaults would lie below /var/lib/pulp."""
    data.create()
    write_settings(data, on_socket(data.root / "socket"), ORIGIN)
    settings = runpy.run_path(str(data.settings_file))
    for name in ("MEDIA_ROOT", "WORKING_DIRECTORY", "FILE_UPLOAD_TEMP_DIR", "STATIC_ROOT"):
        assert Path(settings[name]).is_relative_to(data.root)
        assert Path(settings[name]).is_dir()
    assert settings["CONTENT_ORIGIN"] == ORIGIN
    assert settings["DATABASES"]["default"]["HOST"] == str(data.root / "socket")


def test_exports_go_to_a_folder_of_the_data_dir_and_come_from_there(data: DataDir):
    """Pulp's exporters and importers touch no other path."""
    data.create()
    write_settings(data, on_socket(data.root / "socket"), ORIGIN)
    settings = runpy.run_path(str(data.settings_file))
    for name in ("ALLOWED_EXPORT_PATHS", "ALLOWED_IMPORT_PATHS"):
        assert settings[name] == [str(data.root / "exports")]
    assert (data.root / "exports").is_dir()


def test_secrets_are_kept(data: DataDir):
    """Without the same key, the database's encrypted fields are lost."""
    data.create()
    written = []
    for _ in range(2):
        write_settings(data, on_socket(data.root), ORIGIN)
        written.append((data.encryption_key.read_text(), data.settings_file.read_text()))
    assert written[0] == written[1]
    Fernet(data.encryption_key.read_bytes())


def test_settings_file_is_closed_to_others(data: DataDir):
    """It holds the secret key, and the database's password."""
    data.create()
    write_settings(data, on_socket(data.root), ORIGIN)
    assert stat.S_IMODE(data.settings_file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("origin", "aliases"),
    [
        ("http://127.0.0.1:24816", ["http://localhost:24816"]),
        ("http://localhost:24816", ["http://127.0.0.1:24816"]),
        ("http://[::1]:24816", ["http://localhost:24816"]),
        ("https://crates.example.com", []),
        ("http://crates.example.com:8080", []),
    ],
)
def test_loopback_has_two_names(origin: str, aliases: list[str]):
    """A dependency that was declared through the other one is on this registry too."""
    assert origin_aliases(origin) == aliases


@pytest.mark.parametrize(
    ("origin", "at_api"),
    [
        ("http://127.0.0.1:24816", "http://127.0.0.1:24817"),
        ("http://[::1]:24816", "http://[::1]:24817"),
        ("http://crates.example.com:24816", "http://crates.example.com:24817"),
        ("https://crates.example.com", ""),
        ("https://crates.example.com:24816", ""),
        ("http://crates.example.com:8080", ""),
    ],
)
def test_account_page_is_at_the_port_of_the_api(data: DataDir, origin: str, at_api: str) -> None:
    """Without a proxy it has another port than the registries, with one the same origin."""
    assert api_origin(origin, 24816, 24817) == at_api
    data.create()
    write_settings(data, on_socket(data.root), origin, at_api)
    assert runpy.run_path(str(data.settings_file))["CARGO_API_ORIGIN"] == at_api


def test_nobody_waits_for_ever_for_the_database(data: DataDir):
    """A server that is gone without a word is noticed; who names other bounds has them."""
    data.create()
    url = "postgresql://me@db.example/pulp?tcp_user_timeout=1&sslmode=require"
    write_settings(data, from_url(url), ORIGIN)
    options = runpy.run_path(str(data.settings_file))["DATABASES"]["default"]["OPTIONS"]
    assert options["sslmode"] == "require"
    assert options["tcp_user_timeout"] == "1"
    assert int(options["connect_timeout"]) <= 10
    asked = [int(options[f"keepalives_{name}"]) for name in ("idle", "interval", "count")]
    assert asked[0] + asked[1] * asked[2] <= 30


def test_statements_of_requests_end_and_those_of_tasks_do_not(data: DataDir):
    """A sync may have statements that take minutes; a client of the content app has gone by then."""
    data.create()
    write_settings(data, on_socket(data.root), ORIGIN)
    assert "statement_timeout" not in data.settings_file.read_text()
    with socket.socket() as listening:
        serving = pulp.content(data, Listener(listening, "127.0.0.1"), workers=1)
        others = [pulp.api(data, Listener(listening, "127.0.0.1")), pulp.worker(data)]
    assert "statement_timeout=30s" in serving.environ["PGOPTIONS"]
    assert not any("PGOPTIONS" in one.environ for one in others)
