"""The registries in cargo's own configuration, as `pulp cargo` reads it."""

from pathlib import Path

import pytest

from pulpcore.cli.cargo.cargo_config import CargoConfig, read_cargo_config, read_token
from pulpcore.cli.cargo.found import is_same

A, B = "sparse+https://crates.example/a/", "sparse+https://crates.example/b/"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Cargo's home directory."""
    return tmp_path / "home"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in a workspace."""
    folder = tmp_path / "workspace" / "member"
    folder.mkdir(parents=True)
    return folder


def write(folder: Path, text: str, name: str = "config.toml") -> None:
    """Write a file of cargo's configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def read(project: Path, home: Path, **variables: str) -> CargoConfig:
    """Read the configuration as cargo would in the project."""
    return read_cargo_config(project, {"CARGO_HOME": str(home), **variables})


def registry(name: str, url: str) -> str:
    """Return the table of a registry."""
    return f'[registries.{name}]\nindex = "{url}"\n'


def test_nothing_is_configured(project: Path, home: Path) -> None:
    """As on most machines."""
    assert read(project, home) == CargoConfig({})


def test_nearest_file_counts_for_each_key(project: Path, home: Path) -> None:
    """All files of the folders above are read, and at last that of cargo's home."""
    write(home, registry("team", A) + registry("other", A))
    write(project.parent / ".cargo", registry("team", B) + '[registry]\ndefault = "team"\n')
    found = read(project, home)
    assert found.registries == {"team": B, "other": A}
    assert found.default == B
    assert found.index_urls == [B, A]


def test_old_name_of_a_file_takes_precedence(project: Path, home: Path) -> None:
    """As cargo warns if both are there."""
    write(home, registry("team", A))
    write(home, registry("team", B), name="config")
    assert read(project, home).registries == {"team": B}


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ('[source.crates-io]\nreplace-with = "cache"\n' + registry("cache", A), A),
        (
            '[source.crates-io]\nreplace-with = "mirror"\n'
            f'[source.mirror]\nreplace-with = "cache"\n[source.cache]\nregistry = "{A}"\n',
            A,
        ),
        (
            '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "v"\n',
            None,
        ),
        ('[source.crates-io]\nreplace-with = "a"\n[source.a]\nreplace-with = "crates-io"\n', None),
    ],
)
def test_replacement_of_crates_io_is_followed(
    project: Path, home: Path, sources: str, expected: str | None
) -> None:
    """Through names of registries and of sources, but not in circles."""
    write(home, sources)
    assert read(project, home).replacement == expected


def test_variables_take_precedence(project: Path, home: Path) -> None:
    """Cargo has no other place for them in many CI systems."""
    write(home, registry("my-team", A))
    found = read(project, home, CARGO_REGISTRIES_MY_TEAM_INDEX=B, CARGO_REGISTRY_DEFAULT="my-team")
    assert (found.registries, found.default) == ({"my-team": B}, B)


@pytest.mark.parametrize("text", ["[registries", "registries = 1", "[registries]\na = 1\n"])
def test_files_that_make_no_sense_are_left_out(project: Path, home: Path, text: str) -> None:
    """Cargo itself reports them."""
    write(home, text)
    assert read(project, home) == CargoConfig({})


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("sparse+http://localhost:24816/pulp/cargo/a", True),
        ("http://127.0.0.1:24816/pulp/cargo/a/", True),
        ("sparse+http://127.0.0.1:24816/pulp/cargo/b/", False),
        ("sparse+http://127.0.0.1:24817/pulp/cargo/a/", False),
        ("sparse+https://127.0.0.1:24816/pulp/cargo/a/", False),
        ("sparse+http://127.0.0.1:port/pulp/cargo/a/", False),
    ],
)
def test_same_registry_has_several_spellings(other: str, expected: bool) -> None:
    """The names of this machine are the same, and a slash at the end makes no difference."""
    assert is_same("sparse+http://127.0.0.1:24816/pulp/cargo/a/", other) is expected


TOKENS = '[registries.team]\ntoken = "stored"\n[registries.other]\ntoken = "others"\n'


@pytest.fixture
def here(project: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project as the current folder, with the tokens of two registries."""
    write(home, registry("team", A) + registry("other", B))
    write(home, TOKENS, "credentials.toml")
    monkeypatch.chdir(project)
    monkeypatch.setenv("CARGO_HOME", str(home))
    monkeypatch.delenv("CARGO_REGISTRIES_TEAM_TOKEN", raising=False)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("url", "token"),
    [
        (A, "stored"),
        (A.removeprefix("sparse+").rstrip("/"), "stored"),
        (f"{A}@release-7/", "stored"),
        (B, "others"),
        (f"{A}below/", None),
        ("sparse+https://crates.example.evil/a/", None),
    ],
)
def test_token_is_that_of_the_registry_with_this_url(url: str, token: str | None) -> None:
    """Or of a state of its past, and of no other registry."""
    assert read_token(url) == token


@pytest.mark.usefixtures("here")
def test_token_in_a_variable_takes_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in cargo."""
    monkeypatch.setenv("CARGO_REGISTRIES_TEAM_TOKEN", "variable")
    assert read_token(A) == "variable"
