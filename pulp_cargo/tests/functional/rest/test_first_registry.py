"""`pulpcore-manager cargo-first-registry`: what a fresh installation starts with."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO_SPARSE
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(stack: Stack) -> Command:
    """Runs the command against the stack."""
    manager = Path(sys.executable).with_name("pulpcore-manager")
    settings = {"PULP_SETTINGS": str(stack.data_dir / "settings.py")}

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(manager), "cargo-first-registry", *arguments],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_it_makes_what_is_missing_and_no_more(rest: Rest, command: Command) -> None:
    """The first run shows a secret, the second none, and one with --new-token another one."""
    name = unique("registry")
    user = rest.new_user().auth[0]
    said: list[dict[str, Any]] = []
    for options in ([], [], ["--new-token"]):
        done = command("--name", name, "--user", user, *options)
        assert done.returncode == 0, done.stderr
        said.append(json.loads(done.stdout))
    (registry,) = rest.list("distributions/cargo/cargo/", name=name)
    assert registry["allow_uploads"] is True
    assert [one["index_url"] for one in said] == [registry["base_url"]] * 3
    first, none, renewed = (one["token"] for one in said)
    assert none is None
    assert first != renewed and first.startswith("pulp_cargo_")
    (token,) = rest.list("cargo/tokens/", user=user)
    assert (token["name"], len(token["scopes"])) == ("first", 5)
    (repository,) = rest.list("repositories/cargo/cargo/", name=name)
    assert repository["retain_repo_versions"] == 100


def test_unknown_user_is_named(command: Command) -> None:
    """The error is one line."""
    done = command("--user", "nobody-at-all")
    assert done.returncode == 1
    assert done.stderr.strip() == "CommandError: there is no user `nobody-at-all`"


@pytest.mark.parametrize("form", ["cache", "list"])
def test_store_of_a_cache_takes_no_uploads(rest: Rest, command: Command, form: str) -> None:
    """A repository of this name may be there, with crates of a remote."""
    name, other = unique("registry"), unique("other")
    remote = rest.need("remotes/cargo/cargo/", name=other, url=CRATES_IO_SPARSE)["pulp_href"]
    repository = rest.need("repositories/cargo/cargo/", name=name)["pulp_href"]
    entry = {"repository": repository, "remote": remote}
    fields = entry if form == "cache" else {"upstreams": [{"name": "one", **entry}]}
    rest.need("distributions/cargo/cargo/", name=other, base_path=other, **fields)
    done = command("--name", name, "--user", "admin")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"CommandError: the repository `{name}` stores crates of a remote, so it cannot accept"
        " uploads: choose another `--name`"
    )
    assert rest.list("distributions/cargo/cargo/", name=name) == []
