"""Real registries of other projects: crates are published there, and then moved here."""

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

import pytest

from pulp_cargo.tests.functional.deployment.nginx import free_port
from pulp_cargo.tests.support.cargo import Cargo, Project
from pulp_cargo.tests.support.importing import packed_folder
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.serving import serving
from pulp_cargo.tests.support.stack import Stack

pytestmark = [pytest.mark.long, pytest.mark.cargo, pytest.mark.real]

T = TypeVar("T")
PATIENCE = 30
KELLNR_TOKEN = "token-of-the-administrator-of-kellnr"
MANIFEST = """
[package]
name = "{name}-set"
version = "1.0.0"
edition = "2021"
description = "A pot with cups"
license = "MIT"
rust-version = "1.70"

[features]
default = ["cups"]
cups = ["dep:cup"]

[dependencies]
cup = {{ package = "{name}", version = "1", registry = "mine", optional = true }}

[target.'cfg(unix)'.dependencies]
{name}-key = {{ version = ">=1.0.0, <3", registry = "mine", default-features = false }}
"""
REPLACED = """
[source.old]
registry = "{old}"
replace-with = "new"
[source.new]
registry = "{new}"
"""
# What a line has that is not in the manifest, or that some registries leave out.
OPTIONAL = {"v", "features2", "rust_version", "pubtime", "links"}


class Silent(SimpleHTTPRequestHandler):
    """Serves a folder without a log."""

    def log_message(self, *args: object) -> None:
        """Write nothing."""


def needs(program: str) -> None:
    """Skip the test without a program: cargo would build it for many minutes, or cannot find it."""
    if shutil.which(program) is None:
        pytest.skip(f"needs {program} on PATH")


def old_index(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the lines of the index file of a crate in a registry's folder."""
    text = (folder / name[:2] / name[2:4] / name).read_text()
    return [json.loads(line) for line in text.splitlines()]


def common(line: dict[str, Any], own: str) -> dict[str, Any]:
    """Return what all registries have of a line, with features in one place.

    A dependency on a crate of the same registry has no `registry` here, and elsewhere maybe its URL.
    """
    features = line.get("features", {}) | (line.get("features2") or {})
    deps = [
        {key: value for key, value in dep.items() if value not in (None, own)}
        for dep in line["deps"]
    ]
    deps.sort(key=lambda dep: (dep["name"], dep["kind"]))
    rest = {key: value for key, value in line.items() if key not in OPTIONAL}
    return rest | {"features": features, "deps": deps}


def packages(cargo: Cargo, folder: Path, name: str) -> list[Project]:
    """Return two versions of a crate, another crate, and one that depends on both."""
    manifest = MANIFEST.format(name=name)
    return [
        cargo.package(folder / "one", name, "1.0.0"),
        cargo.package(folder / "two", name, "1.1.0"),
        cargo.package(folder / "key", f"{name}-key", "2.0.0"),
        cargo.project(folder / "set", manifest),
    ]


def app(cargo: Cargo, folder: Path, name: str) -> Project:
    """Return a project with a lock file for the old registry."""
    deps = [f'{name}-set = {{ version = "1", registry = "mine" }}']
    project = cargo.package(folder, "app", deps=deps)
    project.run("generate-lockfile")
    return project


def builds_with(registry: Registry, old: str, project: Project) -> None:
    """Build a project with an empty cargo home, its lock file, and `registry` for the old one."""
    home = project.folder.parent / "new-home"
    known = {"mine": Registry("mine", old, None)}
    replaced = REPLACED.format(old=old, new=registry.index_url)
    cargo = Cargo(home, known).configure(replaced, tokens=False)
    Project(cargo, project.folder).run("build", "--locked")


def moved(stack: Stack, folder: Path, old: str, **options: Any) -> tuple[Registry, dict[str, Any]]:
    """Import the folder of a registry with such a URL; return the new one and the result."""
    registry = stack.make_registry(repository={"index_aliases": [old]})
    file = ("old.tar", packed_folder(folder, "old/"))
    path = f"{registry.repository}import_crates/"
    task = stack.rest.call("POST", path, files={"file": file}, data=options)
    return registry, task["result"]


def mirrored(stack: Stack, url: str, **what: Any) -> Registry:
    """Return a registry that mirrors another one, or only some crates of it."""
    wanted = {"name": unique("up"), "url": url, "policy": "immediate"}
    remote = stack.rest.need("remotes/cargo/cargo/", **wanted)["pulp_href"]
    registry = stack.make_registry(repository={"remote": remote}, allow_uploads=False)
    task = stack.rest.post(f"{registry.repository}sync/", mirror=True, **what)
    assert task["result"]["refused"] == []
    return registry


@contextmanager
def cargo_http_registry(root: Path) -> Iterator[str]:
    """Run a real one; yields the URL of its git index."""
    process = subprocess.Popen(["cargo-http-registry", str(root)])
    try:
        yield f"{_api(root)}/git"
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _api(root: Path) -> str:
    """Return the URL that config.json names, once it answers."""

    def read() -> str:
        url = str(json.loads((root / "config.json").read_text())["api"])
        urlopen(f"{url}/git/info/refs", timeout=PATIENCE).close()
        return url

    return once_up(read)


def once_up(read: Callable[[], T]) -> T:
    """Return what can be read from a server as soon as it is up."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return read()
        except (OSError, ValueError):
            assert time.monotonic() < end
            time.sleep(0.1)


def test_crates_of_cargo_http_registry(stack: Stack, tmp_path: Path, name: str) -> None:
    """Its folder is imported, its git index is mirrored, and lock files of it build with both."""
    needs("cargo-http-registry")
    root = tmp_path / "registry"
    with cargo_http_registry(root) as url:
        old = Registry("mine", url, "any")
        environ = {"CARGO_NET_GIT_FETCH_WITH_CLI": "true"}
        cargo = Cargo(tmp_path / "home", {"mine": old}, provider=True, environ=environ).configure()
        for package in packages(cargo, tmp_path, name):
            package.publish()
        project = app(cargo, tmp_path, name)
        mirror = mirrored(stack, url)
    registry, result = moved(stack, root, url)
    assert (result["added"], result["yanked"], result["problems"]) == (4, 0, [])
    for crate in (name, f"{name}-key", f"{name}-set"):
        lines = [common(line, url) for line in old_index(root, crate)]
        assert [common(line, url) for line in mirror.index(crate)] == lines
        assert [common(line, url) for line in registry.index(crate)] == lines
    builds_with(registry, url, project)
    shutil.rmtree(project.folder.parent / "new-home")
    builds_with(mirror, url, project)


def test_crates_of_margo(stack: Stack, tmp_path: Path, name: str) -> None:
    """Its folder is imported with yanks, its static index is mirrored, and lock files build with both."""
    needs("margo")
    root = tmp_path / "registry"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=root))
    with serving(server):
        url = f"http://127.0.0.1:{server.server_port}/"
        margo("init", "--defaults", "--base-url", url, root)
        old = Registry("mine", f"sparse+{url}", None)
        cargo = Cargo(tmp_path / "home", {"mine": old}).configure(tokens=False)
        for package in packages(cargo, tmp_path, name):
            package.run("package", "--allow-dirty", "--no-verify", "--registry=mine")
            (file,) = (package.folder / "target/package").glob("*.crate")
            margo("add", "--registry", root, file)
        margo("yank", "--registry", root, "--version", "1.1.0", name)
        # The server's `Last-Modified` has whole seconds, and cargo has read the index before the yank.
        cargo.forget_downloads()
        project = app(cargo, tmp_path, name)
        mirror = mirrored(stack, old.index_url, crates=[name, f"{name}-key", f"{name}-set"])
    assert project.locked()[f"{name} 1.0.0"][1] == checksum(root, f"{name}/1.0.0.crate")
    registry, result = moved(stack, root, old.index_url)
    assert (result["added"], result["yanked"], result["problems"]) == (4, 1, [])
    for crate in (name, f"{name}-key", f"{name}-set"):
        lines = [common(line, old.index_url) for line in old_index(root, crate)]
        assert [common(line, old.index_url) for line in mirror.index(crate)] == lines
        assert [common(line, old.index_url) for line in registry.index(crate)] == lines
    builds_with(registry, old.index_url, project)
    shutil.rmtree(project.folder.parent / "new-home")
    builds_with(mirror, old.index_url, project)


@contextmanager
def kellnr(root: Path) -> Iterator[Registry]:
    """Run a real one, whose administrator is the owner of what is published."""
    port = str(free_port())
    settings = {
        "REGISTRY__DATA_DIR": str(root),
        "SETUP__ADMIN_TOKEN": KELLNR_TOKEN,
        "PROXY__ENABLED": "false",
        "LOCAL__IP": "127.0.0.1",
        "LOCAL__PORT": port,
        "ORIGIN__HOSTNAME": "127.0.0.1",
        "ORIGIN__PORT": port,
    }
    environ = os.environ | {f"KELLNR_{key}": value for key, value in settings.items()}
    process = subprocess.Popen(["kellnr", "start"], env=environ, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/api/v1/crates/"
    try:
        once_up(lambda: urlopen(f"{url}config.json", timeout=PATIENCE).close())
        yield Registry("mine", f"sparse+{url}", KELLNR_TOKEN)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_crates_of_kellnr(stack: Stack, tmp_path: Path, name: str) -> None:
    """Its data directory is imported with yanks, times and owners, and its index is mirrored."""
    needs("kellnr")
    root = tmp_path / "kellnr"
    crates = (name, f"{name}-key", f"{name}-set")
    with kellnr(root) as old:
        cargo = Cargo(tmp_path / "home", {"mine": old}, provider=True).configure()
        for package in packages(cargo, tmp_path, name):
            package.publish()
        cargo.run("yank", "--registry=mine", f"{name}@1.1.0")
        cargo.forget_downloads()
        project = app(cargo, tmp_path, name)
        theirs = {crate: old.index(crate) for crate in crates}
        mirror = mirrored(stack, old.index_url, crates=list(crates))
    registry, result = moved(stack, root, old.index_url, owners=True)
    assert (result["added"], result["yanked"], result["problems"]) == (4, 1, [])
    assert result["owners"] == 3
    for crate in crates:
        lines = [common(line, old.index_url) for line in theirs[crate]]
        assert [common(line, old.index_url) for line in mirror.index(crate)] == lines
        assert [common(line, old.index_url) for line in registry.index(crate)] == lines
        assert times(registry.index(crate)) == times(theirs[crate])
    builds_with(registry, old.index_url, project)
    shutil.rmtree(project.folder.parent / "new-home")
    builds_with(mirror, old.index_url, project)


def times(lines: list[dict[str, Any]]) -> list[str]:
    """Return the publication times of the versions of a crate, in whole seconds."""
    return [line["pubtime"][:19] for line in lines]


def margo(*arguments: str | Path) -> None:
    """Run margo."""
    done = subprocess.run(["margo", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def checksum(root: Path, ending: str) -> str:
    """Return the SHA-256 of the one file in a folder whose path has an ending."""
    (path,) = (one for one in root.rglob("*.crate") if str(one).endswith(ending))
    return hashlib.sha256(path.read_bytes()).hexdigest()
