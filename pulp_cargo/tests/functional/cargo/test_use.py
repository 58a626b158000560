"""What users of a registry do with cargo: add, build, look, update, and live with yanks."""

from pathlib import Path

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.cargo import Cargo, CargoFailed
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.proxy import counting_proxy
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack, through

pytestmark = pytest.mark.cargo


def _uses(name: str, req: str = "1") -> str:
    return f'{name} = {{ version = "{req}", registry = "mine" }}'


@pytest.fixture
def leaf(registry: Registry, name: str) -> str:
    """The name of a library with two versions, the second with a feature."""
    source = b"pub fn one() -> i32 { 1 }"
    registry.publish(Crate(name, files={"src/lib.rs": source}))
    later = Crate(name, "1.1.0", files={"src/lib.rs": source}, features={"extra": []})
    registry.publish(later)
    return name


def test_add_and_build(cargo: Cargo, registry: Registry, leaf: str, tmp_path: Path):
    """The newest version is chosen, its checksum is locked, and it builds [42, 95]."""
    project = cargo.package(tmp_path, "app", main=f"fn main() {{ {leaf}::one(); }}")
    project.run("add", leaf, "--registry=mine", "--features=extra")
    project.run("build")
    source, checksum = project.locked()[f"{leaf} 1.1.0"]
    assert source == registry.index_url
    assert checksum == registry.entry(leaf, "1.1.0")["cksum"]


def test_build_counts_one_download(
    cargo: Cargo, stack: Stack, registry: Registry, leaf: str, tmp_path: Path
):
    """Resolving counts nothing, and cargo's own cache serves the builds after the first."""
    project = cargo.package(tmp_path, "app", deps=[_uses(leaf)])
    for _ in range(2):
        project.run("build")
    path = f"{registry.href}version_downloads/"

    def counts() -> list[tuple[str, int]]:
        return [(one["vers"], one["downloads"]) for one in stack.rest.list(path, name=leaf)]

    launcher.wait_for(lambda: counts() != [])
    assert counts() == [("1.1.0", 1)]


def test_add_corrects_the_spelling(cargo: Cargo, registry: Registry, name: str, tmp_path: Path):
    """Cargo tries hyphens and underscores, and gets a 404 for each that is not there [9, 11]."""
    registry.publish(Crate(f"{name}_a_b"))
    project = cargo.package(tmp_path, "app")
    project.run("add", f"{name}-a-b", "--registry=mine")
    assert f'{name}_a_b = {{ version = "1.0.0"' in (project.folder / "Cargo.toml").read_text()


def test_fetch_locked_with_an_empty_home(cargo: Cargo, leaf: str, tmp_path: Path):
    """A lock file is enough on another machine [45]."""
    project = cargo.package(tmp_path, "app", deps=[_uses(leaf)])
    project.run("generate-lockfile")
    cargo.forget_downloads()
    project.run("fetch", "--locked")
    project.run("build", "--offline")


def test_info(cargo: Cargo, leaf: str):
    """It reads the index and the manifest in the file [42]."""
    said = cargo.run("info", leaf, "--registry=mine")
    assert "version: 1.1.0" in said and "extra" in said


def test_yank_and_undo(cargo: Cargo, registry: Registry, leaf: str, tmp_path: Path):
    """A yanked version is not chosen any more, and still builds where it is locked [45, 101]."""
    locked = cargo.package(tmp_path, "locked", deps=[_uses(leaf)])
    locked.run("generate-lockfile")
    said = cargo.run("yank", leaf, "--version=1.1.0", "--registry=mine")
    assert f"Yank {leaf}@1.1.0" in said
    cargo.forget_downloads()
    locked.run("build", "--locked")
    fresh = cargo.package(tmp_path, "fresh", deps=[_uses(leaf)])
    fresh.run("generate-lockfile")
    assert f"{leaf} 1.0.0" in fresh.locked()
    with pytest.raises(CargoFailed, match="is yanked"):
        cargo.package(tmp_path, "exact", deps=[_uses(leaf, "=1.1.0")]).run("generate-lockfile")
    cargo.run("yank", leaf, "--version=1.1.0", "--undo", "--registry=mine")
    fresh.run("update")
    assert f"{leaf} 1.1.0" in fresh.locked()


def test_yank_of_what_is_not_there(cargo: Cargo, leaf: str):
    """Cargo prints our sentence [103]."""
    with pytest.raises(CargoFailed, match=f"crate `{leaf}` has no version `9.9.9`"):
        cargo.run("yank", leaf, "--version=9.9.9", "--registry=mine")


def test_ours_crates_io_and_a_third_registry(
    stack: Stack, registry: Registry, name: str, tmp_path: Path
):
    """A consumer builds what depends on all three [22, 23, 24, 100]."""
    third = stack.make_registry()
    cargo = Cargo(tmp_path / "home", {"mine": registry, "third": third}).configure()
    third.publish(Crate(f"{name}-third"))
    registry.publish(Crate(f"{name}-own"))
    deps = [
        _uses(f"{name}-own"),
        f'{name}-third = {{ version = "1", registry = "third" }}',
        'cfg-if = "1"',
    ]
    cargo.package(tmp_path, name, deps=deps).publish()
    app = cargo.package(tmp_path, "app", deps=[_uses(name), 'cfg-if = "1"'])
    app.run("build")
    sources = {key.split()[0]: source for key, (source, _) in app.locked().items()}
    assert sources[name] == sources[f"{name}-own"] == registry.index_url
    assert sources[f"{name}-third"] == third.index_url
    assert sources["cfg-if"] == f"registry+{CRATES_IO}"
    assert len([key for key in app.locked() if key.startswith("cfg-if ")]) == 1


def test_aliases_of_the_registry(registry: Registry, name: str, tmp_path: Path):
    """Declared through localhost, published through 127.0.0.1: consumers need only one [25]."""
    localhost = through(registry, "localhost")
    cargo = Cargo(tmp_path / "home", {"mine": registry, "alias": localhost}).configure()
    registry.publish(Crate(f"{name}-own"))
    dep = f'{name}-own = {{ version = "1", registry = "alias" }}'
    cargo.package(tmp_path, name, deps=[dep]).publish("--no-verify")
    app = cargo.package(tmp_path, "app", deps=[_uses(name)])
    app.run("build")
    assert {source for source, _ in app.locked().values()} == {"", registry.index_url}


def test_second_update_transfers_no_index_file(registry: Registry, name: str, tmp_path: Path):
    """Cargo sends the tags that it has and gets 304 for each; config.json has no tag [31]."""
    names = [f"{name}-{number}" for number in range(20)]
    for one in names:
        registry.publish(Crate(one))
    registry.publish(Crate(name, deps=[Dep(name=one) for one in names]))
    with counting_proxy() as proxy:
        cargo = Cargo(tmp_path / "home", {"mine": registry}, environ=proxy.environ).configure()
        app = cargo.package(tmp_path, "app", deps=[_uses(name)])
        app.run("update")
        first = proxy.take()
        app.run("update")
        second = proxy.take()
    assert first == {200: 22}
    assert second == {304: 21, 200: 1}


def test_search(cargo: Cargo, registry: Registry, name: str):
    """Cargo prints name, version and description of what is found, and how much more there is."""
    registry.publish(Crate(name, "1.2.3", package={"description": "Finds itself"}))
    said = cargo.run("search", name, "--registry=mine")
    assert f'{name} = "1.2.3"' in said and "# Finds itself" in said
