"""The real cargo through a cache: as a registry of its own, and in place of crates.io."""

from pathlib import Path

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.cargo import Cargo, CargoFailed, Project
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.exchange import Exchange, Page
from pulp_cargo.tests.support.lock_file import lock_file, package
from pulp_cargo.tests.support.proxy import counting_proxy
from pulp_cargo.tests.support.real import real_crates
from pulp_cargo.tests.support.sparse_upstream import EVERYWHERE, SparseUpstream, at, file_path

pytestmark = pytest.mark.cargo

REPLACED = '[source.crates-io]\nreplace-with = "mine"\n'
CLOSURE = """
[package]
name = "closure"
version = "1.0.0"
edition = "2021"

[dependencies]
bitflags = "2"
cfg-if = "1"
itertools = "0.14"
itoa = "1"
"""
# What cargo once resolved that to.
PINNED = (
    ("bitflags", "2.9.4"),
    ("cfg-if", "1.0.3"),
    ("either", "1.15.0"),
    ("itertools", "0.14.0"),
    ("itoa", "1.0.15"),
)


def fresh(cache: Cache, folder: Path, more: str = "", **environ: str) -> Cargo:
    """Return a cargo that has never run before, with the cache as `mine`."""
    cargo = Cargo(folder / "home", {"mine": cache.registry}, environ=environ)
    return cargo.configure(more, tokens=False)


def project(cargo: Cargo, folder: Path, name: str, req: str = "1") -> Project:
    """Return a program that needs a crate of the cache."""
    line = f'{name} = {{ version = "{req}", registry = "mine" }}'
    return cargo.package(folder, "app", deps=[line], main=f"fn main() {{ {name}::one(); }}")


@pytest.fixture
def leaf(upstream: SparseUpstream, name: str) -> str:
    """The name of a library that needs another one, both of them with the upstream."""
    inner = f"{name}_inner"
    source = b"pub fn one() -> i32 { 1 }"
    outer = b"pub fn one() -> i32 { %s::one() }" % inner.encode()
    upstream.have(Crate(inner, files={"src/lib.rs": source}))
    upstream.have(Crate(name, deps=[Dep(name=inner)], files={"src/lib.rs": outer}))
    return name


def test_named_registry(upstream: SparseUpstream, cache: Cache, leaf: str, tmp_path: Path) -> None:
    """Builds; and once more on another machine, resolved anew, with the upstream switched off."""
    first = project(fresh(cache, tmp_path / "1"), tmp_path / "1", leaf)
    first.run("build")
    assert first.locked()[f"{leaf}_inner 1.0.0"] == (
        cache.registry.index_url,
        Crate(f"{leaf}_inner", files={"src/lib.rs": b"pub fn one() -> i32 { 1 }"}).cksum(),
    )
    with upstream.switched_off():
        again = project(fresh(cache, tmp_path / "2"), tmp_path / "2", leaf)
        again.run("build")
        assert again.locked() == first.locked()
        locked = project(fresh(cache, tmp_path / "3"), tmp_path / "3", leaf)
        (locked.folder / "Cargo.lock").write_text((first.folder / "Cargo.lock").read_text())
        locked.run("fetch", "--locked")
    assert cache.keeps(f"{leaf} 1.0.0", f"{leaf}_inner 1.0.0")


@pytest.mark.real
def test_replacement_of_crates_io(upstream: SparseUpstream, own: Cache, tmp_path: Path) -> None:
    """The lock file is the one of crates.io, with that out of reach, and then the upstream too."""
    original = Cargo(tmp_path / "home", {}).configure().project(tmp_path / "closure", CLOSURE)
    (original.folder / "Cargo.lock").write_text(lock_file(*(package(*one) for one in PINNED)))
    original.run("fetch")
    lock = (original.folder / "Cargo.lock").read_text()
    reals = real_crates(original.cargo.home)
    assert {(real.line["name"], real.line["vers"]) for real in reals} == {*PINNED}
    upstream.have_real(reals)
    with counting_proxy() as proxy:
        first = fresh(own, tmp_path / "1", REPLACED, **proxy.environ)
        first.project(tmp_path / "1" / "closure", CLOSURE).run("build")
        assert (tmp_path / "1" / "closure" / "Cargo.lock").read_text() == lock
        with upstream.switched_off():
            second = fresh(own, tmp_path / "2", REPLACED, **proxy.environ)
            again = second.project(tmp_path / "2" / "closure", CLOSURE)
            again.run("fetch")
            assert (again.folder / "Cargo.lock").read_text() == lock
            again.run("fetch", "--locked")
        assert set(proxy.take()) == {200}
    assert own.keeps(*(f"{real.line['name']} {real.line['vers']}" for real in reals))
    # The batches of one `cargo fetch`: on a slow machine, there are longer pauses between some files.
    assert own.version <= len(reals)


def test_yank_of_the_upstream(
    upstream: SparseUpstream, cache_of: CacheOf, name: str, tmp_path: Path
) -> None:
    """After the age of index files it is not chosen any more; lock files with it still work."""
    crates = [Crate(name), Crate(name, "1.1.0")]
    upstream.have(*crates)
    cache = cache_of(upstream, index_max_age=1)
    before = project(fresh(cache, tmp_path / "1"), tmp_path / "1", name)
    before.run("generate-lockfile")
    assert f"{name} 1.1.0" in before.locked()
    lines = upstream.pages[at(name)].body.splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"yanked": false', b'"yanked": true')
    upstream.index(name, b"".join(lines))
    assert wait_for(lambda: bool(cache.registry.entry(name, "1.1.0")["yanked"]))
    after = project(fresh(cache, tmp_path / "2"), tmp_path / "2", name)
    after.run("generate-lockfile")
    assert f"{name} 1.0.0" in after.locked()
    before.cargo.forget_downloads()
    before.run("fetch", "--locked")


def test_second_update_transfers_no_index_file(
    upstream: SparseUpstream, cache: Cache, leaf: str, tmp_path: Path
) -> None:
    """Cargo's tags are ours, and we ask the upstream by its own."""
    with counting_proxy() as proxy:
        app = project(fresh(cache, tmp_path, **proxy.environ), tmp_path, leaf)
        app.run("update")
        assert proxy.take() == {200: 3}
        app.run("update")
        assert proxy.take() == {304: 2, 200: 1}


@pytest.mark.faults
def test_cargo_shows_what_is_wrong(
    upstream: SparseUpstream, own: Cache, leaf: str, tmp_path: Path
) -> None:
    """That it is the upstream; and the next try works."""
    app = project(fresh(own, tmp_path, CARGO_NET_RETRY="0"), tmp_path, leaf)
    upstream.faults[EVERYWHERE] = broken.says(500)
    with pytest.raises(CargoFailed, match="upstream"):
        app.run("fetch")
    upstream.faults.clear()
    assert wait_for(lambda: own.registry.index_file(leaf).status == 200)
    app.run("fetch")


@pytest.mark.faults
def test_cargo_never_gets_a_wrong_file(
    upstream: SparseUpstream, own: Cache, leaf: str, tmp_path: Path
) -> None:
    """It fails, also at the second try, and works when the upstream is right again."""
    # The upstream is left alone a while after a failure, which must not be about its index.
    own.change(index_max_age=3600)
    path = next(path for path in upstream.pages if path.endswith(f"/{leaf}/1.0.0/download"))
    right = upstream.pages[path]
    upstream.pages[path] = Page(right.body[:-1] + b"!")
    app = project(fresh(own, tmp_path, CARGO_NET_RETRY="0"), tmp_path, leaf)
    for _ in range(2):
        with pytest.raises(CargoFailed, match=f"failed to download from .*/{leaf}/1.0.0/download"):
            app.run("fetch")
    assert own.kept(leaf) == set()
    upstream.pages[path] = right
    assert wait_for(lambda: own.registry.download(leaf).status == 200)
    app.run("build")


@pytest.mark.faults
def test_cargo_gets_over_a_short_failure(
    upstream: SparseUpstream, cache: Cache, name: str, tmp_path: Path
) -> None:
    """By its own retries, of which it has three: one failure does not close the upstream for long."""
    crate = Crate(name, files={"src/lib.rs": b"pub fn one() {}"})
    upstream.have(crate)
    path = file_path(crate)

    async def once(exchange: Exchange) -> None:
        del upstream.faults[path]
        exchange.reset()

    upstream.faults[path] = once
    project(fresh(cache, tmp_path), tmp_path, name).run("build")
    assert len(upstream.asked_for(path)) == 2
