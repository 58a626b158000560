"""`pulpcore-manager cargo-first-registry`: what a fresh installation starts with."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from pulp_cargo.protocol.registry_url import CRATES_IO_SPARSE
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack

Command = Callable[..., dict[str, Any]]
Process = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(rest: Rest) -> Command:
    """Runs the command in this process, which takes a tenth of the time; returns what it prints."""
    assert rest.rows is not None
    rows = rest.rows

    def run(*arguments: str) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(rows.command("cargo-first-registry", *arguments))
        return said

    return run


@pytest.fixture
def process(stack: Stack) -> Process:
    """Runs the command as an administrator does."""
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


def test_it_makes_what_is_missing_and_no_more(
    rest: Rest, process: Process, command: Command
) -> None:
    """The first run shows a secret, the second none, and one with --new-token another one."""
    name = unique("registry")
    user = rest.new_user().auth[0]
    options = ("--name", name, "--user", user)
    done = process(*options)
    assert done.returncode == 0, done.stderr
    said = [json.loads(done.stdout), command(*options), command(*options, "--new-token")]
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


def test_unknown_user_is_named(process: Process) -> None:
    """The error is one line."""
    done = process("--user", "nobody-at-all")
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
    with pytest.raises(CommandError) as told:
        command("--name", name, "--user", "admin")
    assert str(told.value) == (
        f"the repository `{name}` stores crates of a remote, so it cannot accept"
        " uploads: choose another `--name`"
    )
    assert rest.list("distributions/cargo/cargo/", name=name) == []
