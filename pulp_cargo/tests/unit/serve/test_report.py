"""What is printed when the registry is ready."""

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

from pulp_cargo.serve.report import Ready, for_people, for_scripts

INDEX = "sparse+http://127.0.0.1:24816/pulp/cargo/my-crates/"
CACHE = "sparse+http://127.0.0.1:24816/pulp/cargo/crates-io/"
READY = Ready(
    api_url="http://127.0.0.1:24817",
    content_url="http://127.0.0.1:24816",
    index_url=INDEX,
    cache_index_url=CACHE,
    token="secret",
    admin_password="password",
    pids={"api": 1},
    logs=Path("/data/logs"),
)


def section(text: str, heading: str) -> dict[str, object]:
    """The TOML below a heading: the lines that are indented."""
    lines = text.partition(heading)[2].splitlines()[1:]
    end = next(i for i, line in enumerate(lines) if line and not line.startswith(" "))
    return tomllib.loads("\n".join(lines[:end]))


def test_lines_to_paste_are_what_cargo_reads():
    """Both sections are TOML, and name the registry alike."""
    text = for_people(READY)
    config = section(text, "config.toml:")
    credentials = section(text, "credentials.toml:")
    assert config == {
        "registries": {"my-crates": {"index": INDEX, "credential-provider": "cargo:token"}},
    }
    assert credentials == {"registries": {"my-crates": {"token": "secret"}}}


def test_lines_for_the_cache_make_cargo_use_it_for_all_of_crates_io():
    """The name is one that cargo takes: `crates-io` is crates.io's own."""
    text = for_people(READY)
    assert section(text, "To get the crates of crates.io through it") == {
        "registries": {"pulp-crates-io": {"index": CACHE}},
        "source": {
            "crates-io": {"replace-with": "pulp-crates-io"},
            "pulp-crates-io": {"registry": CACHE},
        },
    }


def test_all_lines_for_the_configuration_go_into_one_file():
    """A table may be in a file only once, and cargo fails for every command otherwise."""
    pasted = re.findall(r"/config.toml:\n\n((?:    .*\n|\n)+)", for_people(READY))
    assert len(pasted) == 2
    assert set(tomllib.loads("".join(pasted))["registries"]) == {"my-crates", "pulp-crates-io"}


def test_what_is_not_there_is_not_advertised():
    """Its lines would lead to 404."""
    text = for_people(replace(READY, index_url=None, token=None))
    assert "is no longer there" in text
    assert "credentials.toml" not in text
    text = for_people(replace(READY, cache_index_url=None))
    assert "crates.io" not in text


def test_scripts_get_one_line():
    """With everything that is in the text for people."""
    text = for_scripts(READY)
    assert "\n" not in text
    assert json.loads(text) == {
        "api_url": "http://127.0.0.1:24817",
        "content_url": "http://127.0.0.1:24816",
        "index_url": INDEX,
        "cache_index_url": CACHE,
        "token": "secret",
        "admin_user": "admin",
        "admin_password": "password",
        "pids": {"api": 1},
    }
