"""Real crates from crates.io, published here as their own bytes.

The closure of some well-known crates is fetched by cargo itself: by default in the versions that
`closure.txt` names, so that what others publish breaks no test, and in the newest ones with the
tests that take long. Each is published with a JSON made from crates.io's index line, and the line
that comes out is compared with that one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.support.cargo import Cargo, Project
from pulp_cargo.tests.support.crate import CRATES_IO
from pulp_cargo.tests.support.lock_file import lock_file, package
from pulp_cargo.tests.support.proxy import counting_proxy
from pulp_cargo.tests.support.real import Real, real_crates
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = [pytest.mark.cargo, pytest.mark.real]

# What is needed on Linux is also built; the rest is only locked, fetched and published. Among it
# are crates that strict checks have stumbled over: bumpalo, hashbrown and tinyvec have features
# that name dev-dependencies, criterion 0.5.1 and flume 0.11.1 spell `default_features`, and
# winapi-util requires `<=0.61.*`.
MANIFEST = """
[package]
name = "closure"
version = "1.0.0"
edition = "2021"

[dependencies]
bitflags = "2"
hashbrown = "0.15"
itertools = "0.14"
rand = "0.8"
serde_json = "1"

[target.'cfg(windows)'.dependencies]
bumpalo = "3"
clap = { version = "4", features = ["derive"] }
criterion = "=0.5.1"
flume = "=0.11.1"
regex = "1"
reqwest = "0.12"
rustix = { version = "1", features = ["all-apis"] }
serde = { version = "1", features = ["derive"] }
tinyvec = "1"
tokio = { version = "1", features = ["full"] }
tracing-subscriber = "0.3"
web-sys = "0.3"
winapi-util = "0.1"
"""

CLOSURE = Path(__file__).with_name("closure.txt")

# Where our line and crates.io's differ, and why each of them is right.
EXPLAINED = {
    "registry": "null in crates.io's index is crates.io; here that is another registry, by URL",
    "features2": "hides new features from cargo before 1.19, which cannot use other registries",
    "req": "has a space behind its operator where an older cargo kept that: itertools 0.10.5",
    "pubtime": "is when the version was published, there or here",
}


@pytest.fixture(scope="module", params=["pinned", pytest.param("newest", marks=pytest.mark.long)])
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project as crates.io has it, with everything in its home."""
    folder = tmp_path_factory.mktemp("original")
    cargo = Cargo(folder / "home", {}).configure()
    project = cargo.project(folder / "closure", MANIFEST)
    if request.param == "pinned":
        packages = (package(name, vers, deps=deps) for name, vers, deps in pinned())
        (project.folder / "Cargo.lock").write_text(lock_file(*packages))
    project.run("fetch")
    return project


def pinned() -> list[tuple[str, str, list[str]]]:
    """Return names, versions and dependencies of the closure, as cargo resolved it once."""
    rows = (line.partition(": ") for line in CLOSURE.read_text().splitlines())
    return [(*head.split(), deps.split(", ") if deps else []) for head, _, deps in rows]


@pytest.fixture(scope="module")
def reals(original: Project) -> list[Real]:
    """Every crate in the lock file."""
    return real_crates(original.cargo.home)


@pytest.fixture(scope="module")
def mirror(stack: Stack, reals: list[Real]) -> Registry:
    """A registry with all of them."""
    registry = stack.make_registry()
    for real in reals:
        answer = registry.api("PUT", "crates/new", real.body())
        assert answer.status == 200, (real.line["name"], real.line["vers"], answer)
    return registry


def test_closure_is_worth_the_name(original: Project, reals: list[Real]):
    """At least 150 crates, and all that are locked."""
    assert len(reals) >= 150
    assert len(reals) == len(original.locked()) - 1


@pytest.mark.parametrize("original", ["pinned"], indirect=True)
def test_pinned_closure_is_what_cargo_takes(original: Project) -> None:
    """The list is a whole closure: cargo neither adds a crate to it nor takes another version."""
    listed = {f"{name} {vers}" for name, vers, _ in pinned()}
    assert original.locked().keys() - {"closure 1.0.0"} == listed


def test_index_lines_are_those_of_crates_io(mirror: Registry, reals: list[Real]):
    """Field by field; what differs is explained in this file [16, 20, 23, 26, 29, 120]."""
    differences = []
    for real in reals:
        name, vers = real.line["name"], real.line["vers"]
        ours, theirs = _plain(mirror.entry(name, vers)), _plain(real.line)
        for key in sorted(ours.keys() | theirs.keys()):
            if ours.get(key) != theirs.get(key):
                differences.append((name, vers, key, theirs.get(key), ours.get(key)))
    assert differences == []


def test_explained_differences_are_real(mirror: Registry, reals: list[Real]):
    """An explanation that no crate needs any more has to go."""
    lines = [(mirror.entry(r.line["name"], r.line["vers"]), r.line) for r in reals]
    assert all(dep["registry"] == CRATES_IO for ours, _ in lines for dep in ours["deps"])
    assert not any(dep.get("registry") for _, theirs in lines for dep in theirs["deps"])
    assert any(dep["req"] == "= 0" for _, theirs in lines for dep in theirs["deps"])
    assert not any(dep["req"] == "= 0" for ours, _ in lines for dep in ours["deps"])
    assert any(theirs.get("features2") for _, theirs in lines)
    assert not any(ours.get("features2") for ours, _ in lines)
    # Bytes that came through a cache before are as old as there.
    assert any(ours["pubtime"] != theirs.get("pubtime") for ours, theirs in lines)


def test_files_are_bit_identical(mirror: Registry, reals: list[Real]):
    """What downloads is what crates.io has [17, 42, 120]."""
    for real in reals:
        assert mirror.download(real.line["name"], real.line["vers"]).body == real.file


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "resolved anew"])
def test_project_compiles_without_crates_io(
    original: Project, mirror: Registry, tmp_path: Path, locked: bool
):
    """By source replacement, with crates.io out of reach; the lock file is the same [121].

    It takes long because rustc checks real crates, whose bytes came from here, and builds their
    procedural macros and build scripts.
    """
    replaced = '[source.crates-io]\nreplace-with = "mine"\n'
    lock = (original.folder / "Cargo.lock").read_text()
    with counting_proxy() as proxy:
        environ = {**proxy.environ, "CARGO_TARGET_DIR": str(original.folder / "target")}
        # What has been compiled is known by the paths of its sources.
        home = original.folder.with_name("second-home")
        cargo = Cargo(home, {"mine": mirror}, environ=environ).configure(replaced)
        cargo.forget_downloads()
        project = cargo.project(tmp_path / "closure", MANIFEST)
        if locked:
            (project.folder / "Cargo.lock").write_text(lock)
            project.run("fetch", "--locked")
        project.run("check", *(["--locked"] if locked else []))
        assert set(proxy.take()) == {200}
    assert (project.folder / "Cargo.lock").read_text() == lock


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry without its explained differences, and with what is left out written out."""
    deps = [_plain_dep(dep) for dep in entry["deps"]]
    features = {**entry["features"], **(entry.get("features2") or {})}
    rest = {key: value for key, value in entry.items() if value is not None}
    rest = {key: value for key, value in rest.items() if key not in ("features2", "pubtime")}
    return {"v": 1, **rest, "deps": deps, "features": features}


def _plain_dep(dep: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: value for key, value in dep.items() if value is not None},
        "registry": dep.get("registry") or CRATES_IO,
        "req": dep["req"].replace("= ", "="),
    }
