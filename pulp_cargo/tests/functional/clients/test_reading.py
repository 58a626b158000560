"""Clients that read indexes: of a registry, and of a cache in place of crates.io."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.clients.conftest import With
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.cargo import Cargo, CargoFailed, Project
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.instead_of_crates_io import instead_of_crates_io
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack, through

pytestmark = [pytest.mark.long, pytest.mark.cargo, pytest.mark.real]

ADVISORIES = "https://github.com/RustSec/advisory-db"
ADVISORY = """\
```toml
[advisory]
id = "RUSTSEC-2026-0001"
package = "{name}"
date = "2026-01-02"

[versions]
patched = [">= 2.0.0"]
```

# It spills
"""
DENY = f"""
[advisories]
db-urls = ["{ADVISORIES}"]
git-fetch-with-cli = true
yanked = "deny"
[sources]
unknown-registry = "deny"
allow-registry = ["https://github.com/rust-lang/crates.io-index", "{{mine}}"]
"""


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


def advisory(folder: Path, name: str) -> dict[str, str]:
    """Return the environment in which RustSec's database has one advisory, for old versions of a crate."""
    (folder / "crates" / name).mkdir(parents=True)
    text = ADVISORY.format(name=name)
    (folder / "crates" / name / "RUSTSEC-2026-0001.md").write_text(text)
    author = ("-c", "user.name=tests", "-c", "user.email=tests@example.com")
    for arguments in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        [*author, "commit", "--quiet", "--message=it spills"],
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    # Clients fetch it with and without `.git`; the longer one that fits is replaced.
    values = {"GIT_CONFIG_COUNT": "2"}
    for number, url in enumerate((ADVISORIES, f"{ADVISORIES}.git")):
        values[f"GIT_CONFIG_KEY_{number}"] = f"url.{folder.as_uri()}.insteadOf"
        values[f"GIT_CONFIG_VALUE_{number}"] = url
    return values


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


def test_outdated_compares_versions(
    stack: Stack, cargo_with: With, tmp_path: Path, name: str
) -> None:
    """cargo-outdated reads as cargo does, with the token, and sees no yanked version."""
    private = stack.make_registry(auth_required=True)
    publish(private, name)
    project = app(cargo_with("cargo-outdated", mine=private), tmp_path, name)
    lines = [line.split()[:4] for line in project.run("outdated").splitlines()]
    assert [name, "1.0.0", "---", "2.0.0"] in lines
    assert [f"{name}-tea", "1.1.0", "---", "2.0.0"] in lines


def test_audit_asks_the_cache(
    upstream: SparseUpstream, cache: Cache, cargo_with: With, tmp_path: Path, name: str
) -> None:
    """cargo-audit reads the index files of what is locked from crates.io, to find yanked versions."""
    known = advisory(tmp_path / "advisories", f"{name}-tea")
    project = cargo_with("cargo-audit", **known).package(
        tmp_path, "app", deps=[f'{name}-tea = "1"']
    )
    project.run("generate-lockfile")
    upstream.have(Crate(f"{name}-tea", "1.1.0"), yanked=True)
    with pytest.raises(CargoFailed) as failed:
        project.run("audit", "--deny=yanked")
    found = str(failed.value)
    assert "RUSTSEC-2026-0001" in found and "yanked" in found, found


def test_deny_checks_both(stack: Stack, cargo_with: With, tmp_path: Path, name: str) -> None:
    """cargo-deny reads the index files that cargo has fetched, with the token, from both."""
    # Up to 0.20.2, a registry at an IP address cannot be allowed.
    private = through(stack.make_registry(auth_required=True), "localhost")
    private.publish(Crate(name, "1.0.0"))
    known = advisory(tmp_path / "advisories", f"{name}-tea")
    project = app(cargo_with("cargo-deny", mine=private, **known), tmp_path, name)
    (project.folder / "deny.toml").write_text(DENY.format(mine=private.index_url))
    with pytest.raises(CargoFailed) as failed:
        project.run("deny", "check", "advisories", "sources")
    found = str(failed.value)
    assert "RUSTSEC-2026-0001" in found and "detected yanked crate" not in found, found
    assert "advisories FAILED, sources ok" in found
    private.publish(Crate(name, "1.0.1"))
    private.yank(name, "1.0.0")
    project.run("update", "--dry-run")
    with pytest.raises(CargoFailed, match="detected yanked crate"):
        project.run("deny", "check", "advisories")


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
