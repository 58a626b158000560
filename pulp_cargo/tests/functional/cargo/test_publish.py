"""`cargo publish`, as authors use it."""

from pathlib import Path

import pytest

from pulp_cargo.tests.support.cargo import Cargo, CargoFailed
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry

pytestmark = pytest.mark.cargo

WORKSPACE = '[workspace]\nresolver = "2"\nmembers = ["*"]\nexclude = ["target"]\n'


def test_publish_of_a_library(cargo: Cargo, registry: Registry, name: str, tmp_path: Path):
    """Cargo verifies, uploads, and finds it in the index [95, 99]."""
    said = cargo.package(tmp_path, name).publish()
    assert f"Published {name} v1.0.0" in said
    assert "warning" not in said
    packed = {file.read_bytes() for file in (tmp_path / name / "target").rglob("*.crate")}
    assert packed == {registry.download(name).body}
    assert registry.entry(name)["yanked"] is False


def test_publish_of_a_binary_and_install(
    cargo: Cargo, registry: Registry, name: str, tmp_path: Path
):
    """`cargo install` builds it and puts it where it belongs [99]."""
    cargo.package(tmp_path, name, main='fn main() { println!("hello") }').publish("--no-verify")
    root = tmp_path / "root"
    said = cargo.run("install", name, "--registry=mine", f"--root={root}", "--debug")
    assert f"Installed package `{name} v1.0.0" in said
    assert (root / "bin" / name).exists()


def test_publish_of_a_workspace(cargo: Cargo, registry: Registry, name: str, tmp_path: Path):
    """Members that depend on each other are published in order, each visible at once [99]."""
    base, middle, top = (f"{name}-{part}" for part in ("base", "middle", "top"))
    folder = tmp_path / "ws"
    (folder).mkdir()
    (folder / "Cargo.toml").write_text(WORKSPACE)
    cargo.package(folder, base)
    cargo.package(folder, middle, deps=[_member(base)])
    project = cargo.package(folder, top, deps=[_member(base), _member(middle)])
    said = project.publish("--workspace")
    for one in (base, middle, top):
        assert f"{one} v1.0.0" in said
        assert len(registry.index(one)) == 1
    deps = {dep["name"]: dep["registry"] for dep in registry.entry(top)["deps"]}
    assert deps == {base: None, middle: None}


def test_dry_run_publishes_nothing(cargo: Cargo, registry: Registry, name: str, tmp_path: Path):
    """It only asks the index, and needs no token [99]."""
    cargo.configure(tokens=False)
    cargo.package(tmp_path, name).publish("--dry-run")
    assert registry.index(name) == []


def test_second_publish_is_refused_by_cargo(
    cargo: Cargo, registry: Registry, name: str, tmp_path: Path
):
    """Cargo looks into the index before it uploads [74]."""
    project = cargo.package(tmp_path, name)
    project.publish("--no-verify")
    with pytest.raises(CargoFailed, match=f"{name}@1.0.0 already exists"):
        project.publish("--no-verify")


def test_publish_of_a_yanked_version_is_refused_by_the_registry(
    cargo: Cargo, registry: Registry, name: str, tmp_path: Path
):
    """Cargo up to 1.97 does not see yanked ones, so here it prints our sentence [74]."""
    project = cargo.package(tmp_path, name)
    project.publish("--no-verify")
    registry.yank(name)
    with pytest.raises(CargoFailed, match=f"`{name} 1.0.0` is already uploaded.*never be replaced"):
        project.publish("--no-verify")


def test_other_spelling_is_refused_with_the_existing_name(
    cargo: Cargo, registry: Registry, name: str, tmp_path: Path
):
    """`my-crate` where `my_crate` is [72]."""
    registry.publish(Crate(f"{name}_crate"))
    with pytest.raises(CargoFailed, match=f"`{name}-crate` cannot be published .* `{name}_crate`"):
        cargo.package(tmp_path, f"{name}-crate", "2.0.0").publish("--no-verify")


def test_warnings_are_printed(cargo: Cargo, registry: Registry, name: str, tmp_path: Path):
    """What crates.io would refuse, cargo says as a warning here [92, 94]."""
    manifest = f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n'
    said = cargo.project(tmp_path / name, manifest).publish("--no-verify")
    assert "warning" in said and "license" in said
    assert registry.index(name)


def test_publish_without_a_token(cargo: Cargo, registry: Registry, name: str, tmp_path: Path):
    """Cargo says how to log in; with a wrong token, we do [116]."""
    project = cargo.configure(tokens=False).package(tmp_path, name)
    with pytest.raises(CargoFailed, match="cargo login --registry mine"):
        project.publish("--no-verify")
    with pytest.raises(CargoFailed, match=f"`{registry.name}` does not accept this token"):
        project.publish("--no-verify", "--token=nonsense")


def test_readme_features_and_targets(cargo: Cargo, registry: Registry, name: str, tmp_path: Path):
    """What real manifests have comes out as cargo understands it [16, 20, 26, 27]."""
    manifest = f"""
[package]
name = "{name}"
version = "1.0.0-rc.1+build.7"
edition = "2021"
rust-version = "1.70"
readme = "../README.md"
links = "{name}"
build = "src/lib.rs"
description = "d"
license = "MIT"

[features]
default = ["std"]
std = []
with-leaf = ["dep:leaf", "leaf?/std"]

[dependencies]
leaf = {{ version = "1", registry = "mine", package = "{name}-leaf", optional = true }}

[target.'cfg(unix)'.dev-dependencies]
{name}-leaf = {{ version = "1", registry = "mine", default-features = false }}
"""
    registry.publish(Crate(f"{name}-leaf", features={"std": [], "default": ["std"]}))
    (tmp_path / "README.md").write_text("# Hello")
    cargo.project(tmp_path / name, manifest).publish("--no-verify")
    entry = registry.entry(name, "1.0.0-rc.1+build.7")
    assert entry["features"] == {
        "default": ["std"],
        "std": [],
        "with-leaf": ["dep:leaf", "leaf?/std"],
    }
    assert (entry["links"], entry["rust_version"], entry["v"]) == (name, "1.70", 2)
    assert [(d["name"], d.get("package"), d["kind"], d["target"]) for d in entry["deps"]] == [
        ("leaf", f"{name}-leaf", "normal", None),
        (f"{name}-leaf", None, "dev", "cfg(unix)"),
    ]


def _member(name: str) -> str:
    return f'{name} = {{ version = "1.0.0", path = "../{name}", registry = "mine" }}'
