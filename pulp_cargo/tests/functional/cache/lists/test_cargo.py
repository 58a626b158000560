"""The real cargo with one registry that has private crates and those of an upstream."""

from pathlib import Path

import pytest

from pulp_cargo.tests.functional.cache.lists.conftest import ListOf, StoreOf, ours, theirs
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.cargo import Cargo, CargoFailed, Project
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream

pytestmark = pytest.mark.cargo

ONE = {"src/lib.rs": b"pub fn one() -> i32 { 1 }"}


def fresh(registry: Registry, folder: Path) -> Cargo:
    """Return a cargo that has never run before, with the list as `mine`."""
    return Cargo(folder / "home", {"mine": registry}).configure()


def package(cargo: Cargo, folder: Path, name: str, needs: str, **source: str) -> Project:
    """Return a package that needs a crate of the list."""
    line = f'{needs} = {{ version = "1", registry = "mine" }}'
    return cargo.package(folder, name, deps=[line], **source)


@pytest.fixture
def store(upstream: SparseUpstream, new_store_of: StoreOf, name: str) -> Cache:
    """A remote whose upstream has a library."""
    upstream.have(Crate(f"{name}_leaf", files=ONE))
    return new_store_of(upstream)


@pytest.fixture
def listed(store: Cache, private: Registry, list_of: ListOf, name: str) -> Registry:
    """A list of our own crates and the upstream's, which takes uploads."""
    names = {"reserved_names": [f"{name}_lib"]}
    return list_of(ours(private), theirs(store), place=private, **names)


def test_private_crate_that_needs_one_of_the_upstream(
    upstream: SparseUpstream,
    private: Registry,
    store: Cache,
    listed: Registry,
    name: str,
    tmp_path: Path,
) -> None:
    """Published and built through the list; and once more with the upstream switched off.

    The name is reserved: cargo looks for a crate in the index before it publishes it.
    """
    leaf, lib = f"{name}_leaf", f"{name}_lib"
    author = fresh(listed, tmp_path / "author")
    source = f"pub fn two() -> i32 {{ {leaf}::one() + 1 }}"
    package(author, tmp_path / "author", lib, leaf, lib=source).publish()
    (dep,) = private.entry(lib)["deps"]
    assert (dep["name"], dep["registry"]) == (leaf, listed.index_url)
    main = f"fn main() {{ assert_eq!({lib}::two(), 2); }}"
    first = package(fresh(listed, tmp_path / "1"), tmp_path / "1", "app", lib, main=main)
    first.run("run")
    assert {source for source, _ in first.locked().values()} == {"", listed.index_url}
    assert store.keeps(f"{leaf} 1.0.0")
    assert upstream.paths(lib) == []
    with upstream.switched_off():
        again = package(fresh(listed, tmp_path / "2"), tmp_path / "2", "app", lib, main=main)
        again.run("build")
        assert again.locked() == first.locked()


def test_lock_file_notices_that_a_name_became_ours(
    private: Registry, listed: Registry, name: str, tmp_path: Path
) -> None:
    """The checksum is another one: cargo stops, and takes nothing for what it is not."""
    leaf = f"{name}_leaf"
    app = package(fresh(listed, tmp_path), tmp_path, "app", leaf, main="fn main() {}")
    app.run("build")
    private.publish(Crate(leaf, files={"src/lib.rs": b"// ours"}))
    app.cargo.forget_downloads()
    with pytest.raises(CargoFailed, match="checksum"):
        app.run("build", "--locked")
