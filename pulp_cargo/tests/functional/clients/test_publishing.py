"""Clients that publish workspaces: they call cargo, and look into the index before."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.clients.conftest import With
from pulp_cargo.tests.support import clients
from pulp_cargo.tests.support.cargo import Cargo, CargoFailed, Project
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.serving import serving
from pulp_cargo.tests.support.stack import Stack

pytestmark = [pytest.mark.long, pytest.mark.cargo, pytest.mark.real]

MANIFEST = """
[package]
name = "{name}"
version = "0.1.0"
edition = "2021"
description = "d"
license = "MIT"
repository = "https://git.example/team/tea"
publish = ["mine"]

[dependencies]
{deps}
"""


def workspace(cargo: Cargo, folder: Path, name: str) -> Project:
    """Return a git repository with two crates, of which the second needs the first."""
    needed = f'{name}-pot = {{ version = "0.1.0", path = "../pot", registry = "mine" }}'
    for part, deps in (("pot", f'{name}-tea = "1"'), ("set", needed)):
        (folder / part / "src").mkdir(parents=True)
        (folder / part / "src" / "lib.rs").write_text("")
        text = MANIFEST.format(name=f"{name}-{part}", deps=deps)
        (folder / part / "Cargo.toml").write_text(text)
    (folder / "Cargo.toml").write_text('[workspace]\nmembers = ["pot", "set"]\nresolver = "2"\n')
    (folder / ".gitignore").write_text("target/\n")
    project = Project(cargo, folder)
    project.run("generate-lockfile")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.name", "tests")
    git(folder, "config", "user.email", "tests@example.com")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=feat: begin")
    return project


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder."""
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def versions(registry: Registry, name: str) -> Sequence[list[str]]:
    """Return the versions of both crates in a registry that requires a token."""
    names = (f"{name}-pot", f"{name}-set")
    return [[one["vers"] for one in registry.index(n, token=registry.token)] for n in names]


@pytest.fixture
def private(stack: Stack) -> Registry:
    """A registry that requires a token for reads."""
    return stack.make_registry(auth_required=True)


def test_workspaces_publishes_once(
    private: Registry, cargo_with: With, tmp_path: Path, name: str
) -> None:
    """cargo-workspaces sends the token that it is given with its own requests, too."""
    project = workspace(cargo_with("cargo-workspaces", mine=private), tmp_path / "ws", name)
    command = ["workspaces", "publish", "--yes", "--no-git-push", "--registry=mine"]
    with pytest.raises(CargoFailed, match="401 Unauthorized"):
        project.run(*command, "--publish-as-is")
    command.append(f"--token={private.token}")
    project.run(*command, "minor")
    assert versions(private, name) == [["0.2.0"], ["0.2.0"]]
    said = project.run(*command, "--publish-as-is")
    assert said.count("already published") == 2
    assert versions(private, name) == [["0.2.0"], ["0.2.0"]]


class NoPullRequests(BaseHTTPRequestHandler):
    """A forge where no commit has a pull request."""

    def do_GET(self) -> None:
        self.send_response(HTTPStatus.NOT_FOUND)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def forge() -> Iterator[str]:
    """The URL of a repository at a forge."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), NoPullRequests)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}/team/tea"


def test_release_plz_publishes_once(
    private: Registry, cargo_with: With, tmp_path: Path, name: str, forge: str
) -> None:
    """release-plz finds the next versions by comparing with the registry, and publishes them once."""
    cargo = cargo_with("release-plz", mine=private)
    folder = workspace(cargo, tmp_path / "ws", name).folder
    (folder / "release-plz.toml").write_text(
        "[workspace]\ngit_release_enable = false\ngit_tag_enable = false\n"
    )
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=chore: settings")
    git(folder, "remote", "add", "origin", f"{forge}.git")
    environ = os.environ | clients.environ_with("release-plz") | {"CARGO_HOME": str(cargo.home)}

    def release_plz(*arguments: str) -> str:
        done = subprocess.run(
            ["release-plz", *arguments], cwd=folder, env=environ, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    release = ("release", "--forge=gitea", f"--repo-url={forge}", "--git-token=none")
    release_plz(*release)
    assert versions(private, name) == [["0.1.0"], ["0.1.0"]]
    assert release_plz(*release).count("already published") == 2
    (folder / "pot" / "src" / "lib.rs").write_text("pub fn pour() {}\n")
    git(folder, "commit", "--quiet", "--all", "--message=feat: pour")
    release_plz("update")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=chore: release")
    release_plz(*release)
    assert versions(private, name) == [["0.1.0", "0.1.1"], ["0.1.0", "0.1.1"]]
