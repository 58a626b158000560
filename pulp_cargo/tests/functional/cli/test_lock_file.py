"""`pulp cargo check` and `prefetch`, with a Pulp that answers."""

import errno
import os
from pathlib import Path
from typing import Any

import click
import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.lock_file import lock_file, package
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture
def cache(stack: Stack, name: str) -> str:
    """The name of a registry in front of another one, which has a crate."""
    upstream = stack.make_registry()
    upstream.publish(Crate(name))
    remote = stack.rest.need(
        "remotes/cargo/cargo/", name=unique("up"), url=upstream.index_url, policy="on_demand"
    )
    return stack.make_registry(remote=remote["pulp_href"], allow_uploads=False).name


def write(folder: Path, text: str) -> str:
    """Write a lock file and return its path."""
    path = folder / "Cargo.lock"
    path.write_text(text)
    return str(path)


def test_files_are_fetched_and_then_there_offline(
    stack: Stack, pulp: Pulp, cache: str, name: str, tmp_path: Path
) -> None:
    """The exit codes are 1, 0, 0: not stored, fetched, stored."""
    lock = write(tmp_path, lock_file(package(name)))
    asked = ("--distribution", cache, "--crates-io")
    with pytest.raises(PulpFailed) as failed:
        pulp.run("cargo", "check", lock, *asked, "--offline")
    assert failed.value.status == 1
    assert failed.value.stdout.startswith(f"error: {name} 1.0.0: missing: ")
    done = pulp.run("cargo", "prefetch", lock, *asked)
    assert done.stdout == ""
    assert done.stderr.endswith("Fetched 1 file; 0 were already stored.\n")
    report = pulp.cargo("check", lock, *asked, "--offline", "--format", "json")
    assert [(row["name"], row["here"]) for row in report["packages"]] == [(name, "stored")]


def test_what_cannot_be_told_has_another_exit_code(pulp: Pulp, cache: str, tmp_path: Path) -> None:
    """A lock file that is broken, and a registry that is not there."""
    for text, registry, said in (
        ("nonsense", cache, "lock_file: the lock file is not TOML"),
        (lock_file(), "nope", "There is no cargo distribution with name 'nope'"),
    ):
        with pytest.raises(PulpFailed) as failed:
            pulp.run("cargo", "check", write(tmp_path, text), "--distribution", registry)
        assert failed.value.status == 2
        assert failed.value.said.startswith(f"Error: {said}")


def test_lists_and_large_files_are_sent_as_they_are(pulp: Pulp, cache: str, tmp_path: Path) -> None:
    """One source or several, up to the largest lock file; what is no UTF-8 is told."""
    url = "git+https://git.example/x?rev=1#0123456789012345678901234567890123456789"
    text = lock_file(f'[[package]]\nname = "x"\nversion = "1.0.0"\nsource = "{url}"\n')
    size = 2 * 1024 * 1024
    lock = write(tmp_path, text + "#" * (size - len(text.encode()) - 1) + "\n")
    asked = ("--distribution", cache, "--format", "json")
    for sources in (["https://git.example/*"], ["https://a.example/b", "https://git.example/x"]):
        given = [word for one in sources for word in ("--allow-source", one)]
        report = pulp.cargo("check", lock, *asked, *given)
        assert all(row["passes"] for row in report["not_checked"])
    (tmp_path / "Cargo.lock").write_bytes(b"version = 4\n# \xff\n")
    with pytest.raises(PulpFailed, match="the lock file is not UTF-8"):
        pulp.run("cargo", "check", lock, "--distribution", cache)


def test_output_that_cannot_be_written(
    pulp: Pulp, cache: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: a sentence, and the exit code is not the one of a result."""
    lock = write(tmp_path, lock_file(package(name)))

    def echo(message: str = "", *, err: bool = False, **options: Any) -> None:
        if not err:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(click, "echo", echo)
    commands = {
        ("check", lock, "--distribution", cache): 2,
        ("check", lock, "--distribution", cache, "--format", "json"): 2,
        ("distribution", "list"): 1,
    }
    for command, status in commands.items():
        with pytest.raises(PulpFailed) as failed:
            pulp.run("cargo", *command)
        assert failed.value.status == status
        assert failed.value.said.endswith("Error: Output failed: No space left on device.\n")
