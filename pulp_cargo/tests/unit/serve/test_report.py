"""What is printed when the registry is ready."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from pulp_cargo.serve.cargo_files import files_for
from pulp_cargo.serve.ready import Ready
from pulp_cargo.serve.report import Setup, for_people, for_scripts
from pulp_cargo.serve.terminal import Style

INDEX = "sparse+http://127.0.0.1:24816/pulp/cargo/my-crates/"
CACHE = "sparse+http://127.0.0.1:24816/pulp/cargo/crates-io/"
READY = Ready(
    api_url="http://127.0.0.1:24817",
    content_url="http://127.0.0.1:24816",
    index_url=INDEX,
    cache_index_url=CACHE,
    token="pulp_cargo_0123456789012345678901234567890123456789",
    admin_password="01234567890123456789012345678901",
    pids={"api": 1},
    data_dir=Path("/var/lib/pulp-cargo"),
)


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """A cargo that has not been set up, beside a `pulp` that has been."""
    environ = {"CARGO_HOME": "/home/me/.cargo"}
    return Setup(files_for(READY, environ), pulp=".venv/bin/pulp cargo repository list")


def section(text: str, heading: str) -> dict[str, object]:
    """The TOML below a heading: the lines that are indented."""
    lines = text.partition(heading)[2].splitlines()[1:]
    end = next(i for i, line in enumerate(lines) if not line.startswith(" "))
    return tomllib.loads("\n".join(lines[:end]))


def test_text_is_what_fits_a_screen(setup: Setup) -> None:
    """A terminal of 24 lines has one more, for the question about cargo's files."""
    text = for_people(READY, setup)
    assert len(text.splitlines()) == 23
    assert (
        text
        == """\
my-crates     a private registry: http://127.0.0.1:24816/pulp/cargo/my-crates/
crates-io     a cache of crates.io: http://127.0.0.1:24816/pulp/cargo/crates-io/

Add to /home/me/.cargo/config.toml:
    [registries.my-crates]
    index = "sparse+http://127.0.0.1:24816/pulp/cargo/my-crates/"
    credential-provider = "cargo:token"
    [registries.pulp-crates-io]
    index = "sparse+http://127.0.0.1:24816/pulp/cargo/crates-io/"
    [source.crates-io]
    replace-with = "pulp-crates-io"
    [source.pulp-crates-io]
    registry = "sparse+http://127.0.0.1:24816/pulp/cargo/crates-io/"
Add to /home/me/.cargo/credentials.toml:
    [registries.my-crates]
    token = "pulp_cargo_0123456789012345678901234567890123456789"

Next          cargo publish --registry my-crates, in the folder of a crate
Command line  .venv/bin/pulp cargo repository list
Tokens        http://127.0.0.1:24817/pulp/cargo-account/
Sign in       user admin, password 01234567890123456789012345678901
Logs          /var/lib/pulp-cargo/logs
Stop          Ctrl-C; the next start continues with the same data"""
    )


def test_lines_to_paste_are_what_cargo_reads(setup: Setup) -> None:
    """Both files are TOML, and what is printed is what would be written."""
    text = for_people(READY, setup)
    config = section(text, "config.toml:")
    assert config == {
        "registries": {
            "my-crates": {"index": INDEX, "credential-provider": "cargo:token"},
            "pulp-crates-io": {"index": CACHE},
        },
        "source": {
            "crates-io": {"replace-with": "pulp-crates-io"},
            "pulp-crates-io": {"registry": CACHE},
        },
    }
    assert section(text, "credentials.toml:") == {
        "registries": {"my-crates": {"token": READY.token}}
    }


def test_cargo_that_is_set_up_needs_no_lines(setup: Setup) -> None:
    """Each further start is short."""
    text = for_people(READY, replace(setup, is_cargo_set_up=True))
    assert "Cargo is set up to use them, in /home/me/.cargo/config.toml.\n" in text
    assert "[registries" not in text
    assert READY.token not in text


def test_what_is_not_there_is_not_advertised(setup: Setup) -> None:
    """Its lines would lead to 404."""
    text = for_people(replace(READY, index_url=None, token=None), setup)
    assert "The first registry, my-crates, was deleted" in text
    assert "credentials.toml" not in text
    text = for_people(replace(READY, cache_index_url=None), replace(setup, pulp=None))
    assert "crates.io" not in text
    assert "Command line" not in text


def test_colours_are_for_terminals_only(setup: Setup) -> None:
    """Whoever reads the output from a file gets no escape sequences."""
    assert "\033" not in for_people(READY, setup)
    coloured = for_people(READY, setup, Style(is_coloured=True))
    assert "\033[1mNext          \033[0mcargo publish" in coloured


def test_scripts_get_one_line() -> None:
    """With everything that is in the text for people."""
    text = for_scripts(READY)
    assert "\n" not in text
    assert json.loads(text) == {
        "api_url": "http://127.0.0.1:24817",
        "content_url": "http://127.0.0.1:24816",
        "index_url": INDEX,
        "cache_index_url": CACHE,
        "token": READY.token,
        "admin_user": "admin",
        "admin_password": READY.admin_password,
        "pids": {"api": 1},
        "data_dir": "/var/lib/pulp-cargo",
    }
