"""Clients that read indexes: of a registry, and of a cache in place of crates.io."""

import tomllib
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.clients.conftest import With
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.cargo import Cargo, CargoFailed, Project
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.instead_of_crates_io import instead_of_crates_io
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = [pytest.mark.long, pytest.mark.cargo, pytest.mark.real]


def app(cargo: Cargo, folder: Path, name: str) -> Project:
    """Return a locked project that needs old versions of a crate in `mine`, and of one in the cache."""
    deps = [f'{name} = {{ version = "1.0.0", registry = "mine" }}', f'{name}-tea = "1.0"']
    project = cargo.package(folder, "app", deps=deps)
    project.run("generate-lockfile")
    return project


def publish(registry: Registry, name: str) -> None:
    """Have three versions of a crate in a registry, the highest of them yanked."""
    for vers in ("1.0.0", "2.0.0", "3.0.0"):
        registry.publish(Crate(name, vers))
    registry.yank(name, "3.0.0")


def requirements(project: Project) -> dict[str, str]:
    """Return the versions that a manifest requires."""
    found = tomllib.loads((project.folder / "Cargo.toml").read_text())["dependencies"]
    return {name: one if isinstance(one, str) else one["version"] for name, one in found.items()}


def test_edit_upgrades(registry: Registry, cargo_with: With, tmp_path: Path, name: str) -> None:
    """cargo-edit finds the highest versions that are not yanked, in both."""
    publish(registry, name)
    project = app(cargo_with("cargo-edit"), tmp_path, name)
    project.run("upgrade", "--incompatible")
    assert requirements(project) == {name: "2.0.0", f"{name}-tea": "2.0"}


def test_edit_sends_no_token(stack: Stack, cargo_with: With, tmp_path: Path, name: str) -> None:
    """tame-index cannot, so a registry with `auth-required` is out of its reach."""
    private = stack.make_registry(auth_required=True)
    publish(private, name)
    project = app(cargo_with("cargo-edit", mine=private), tmp_path, name)
    with pytest.raises(CargoFailed, match="401 Unauthorized"):
        project.run("upgrade", "--incompatible")


def test_vet_finds_all_versions(cache: Cache, cargo_with: With, tmp_path: Path, name: str) -> None:
    """cargo-vet knows only crates.io, and panics if its index has more versions than its web API."""
    (tmp_path / "tls").mkdir()
    with instead_of_crates_io(cache.registry, tmp_path / "tls") as proxy:
        cargo = cargo_with("cargo-vet", **proxy.environ, XDG_CACHE_HOME=str(tmp_path / "vet"))
        project = cargo.package(tmp_path, "app", deps=[f'{name}-tea = "1"'])
        project.run("generate-lockfile")
        assert "Vetting Succeeded (1 exempted)" in project.run("vet", "init") + project.run("vet")
        with pytest.raises(CargoFailed, match="packages published by alice"):
            project.run("vet", "trust", "--all", "alice")
    assert f"crates.io/api/v1/crates/{name}-tea" in proxy.seen
