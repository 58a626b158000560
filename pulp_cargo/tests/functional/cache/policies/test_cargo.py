"""The real cargo where the newest version is held back."""

from pathlib import Path

import pytest

from pulp_cargo.tests.functional.cache.policies.conftest import Ruled, ago, have, lines
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.cargo import Cargo, CargoFailed, Project
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream

pytestmark = pytest.mark.cargo


@pytest.fixture(autouse=True)
def _crate(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """A crate with an old version and a new one."""
    have(upstream, (Crate(name), ago(days=10)), (Crate(name, "1.1.0"), ago(days=1)))


def project(cache: Cache, folder: Path, name: str, req: str = "1") -> Project:
    """Return a program that needs the crate, for a cargo that has never run before."""
    cargo = Cargo(folder / "home", {"mine": cache.registry}).configure(tokens=False)
    line = f'{name} = {{ version = "{req}", registry = "mine" }}'
    return cargo.package(folder, "app", deps=[line], main="fn main() {}")


def test_older_version_is_chosen(cache: Cache, ruled: Ruled, name: str, tmp_path: Path) -> None:
    """And the new one once it may come in."""
    policy = ruled(cooldown_days=7)
    app = project(cache, tmp_path, name)
    app.run("build")
    assert f"{name} 1.0.0" in app.locked()
    cache.rest.set(policy["pulp_href"], cooldown_days=0)
    app.run("update")
    app.run("build")
    assert f"{name} 1.1.0" in app.locked()


def test_lock_file_with_a_version_that_was_served_before(
    cache: Cache, ruled: Ruled, name: str, tmp_path: Path
) -> None:
    """It builds on another machine while the version is held back, but not when it is blocked."""
    first = project(cache, tmp_path / "1", name)
    first.run("build")
    assert f"{name} 1.1.0" in first.locked()
    assert cache.keeps(f"{name} 1.1.0")
    ruled(cooldown_days=7)
    second = project(cache, tmp_path / "2", name)
    (second.folder / "Cargo.lock").write_text((first.folder / "Cargo.lock").read_text())
    second.run("build", "--locked")
    ruled(block=lines(name, versions="=1.1.0"))
    second.cargo.forget_downloads()
    with pytest.raises(CargoFailed, match=r"1\.1\.0"):
        second.run("build", "--locked")


def test_cargo_says_what_is_there_instead(
    cache: Cache, ruled: Ruled, name: str, tmp_path: Path
) -> None:
    """Who insists on a held version is told which others there are."""
    ruled(cooldown_days=7)
    with pytest.raises(CargoFailed, match=r"candidate versions found.*1\.0\.0"):
        project(cache, tmp_path, name, "1.1").run("generate-lockfile")
