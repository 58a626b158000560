"""Builds from states of the past, with the real cargo."""

from dataclasses import replace
from pathlib import Path

import pytest

from pulp_cargo.tests.support.cargo import Cargo, CargoFailed
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.cargo


def cargo_at(registry: Registry, text: object, folder: Path) -> Cargo:
    """Return a cargo whose registry `mine` is a state of the past."""
    past = replace(registry, index_url=f"{registry.index_url}@{text}/")
    return Cargo(folder / "home", {"mine": past}, provider=True).configure()


@pytest.mark.parametrize("private", [False, True])
def test_build_is_the_same_next_year(stack: Stack, tmp_path: Path, private: bool) -> None:
    """Without a lock file, it resolves to the versions of that state, with crates that need others."""
    registry = stack.make_registry(auth_required=private)
    source = {"src/lib.rs": b"pub fn one() -> i32 { 1 }"}
    registry.publish(Crate("inner", files=source))
    registry.publish(Crate("outer", deps=[Dep(name="inner")], files=source))
    stack.rest.post(f"{registry.repository}label_version/", label="release-7")
    registry.publish(Crate("inner", "1.5.0", files=source))
    registry.publish(Crate("outer", "1.5.0", deps=[Dep(name="inner")], files=source))
    line = 'outer = { version = "1", registry = "mine" }'
    for text in (2, "release-7"):
        cargo = cargo_at(registry, text, tmp_path / str(text))
        project = cargo.package(
            tmp_path / str(text), "app", deps=[line], main="fn main() { outer::one(); }"
        )
        project.run("fetch")
        locked = {key: source for key, (source, _) in project.locked().items() if key[0] in "io"}
        url = f"{registry.index_url}@{text}/"
        assert locked == {"inner 1.0.0": url, "outer 1.0.0": url}
        project.run("build", "--offline", "--locked")


def test_publish_to_the_past_is_refused(stack: Stack, tmp_path: Path) -> None:
    """Cargo shows the sentence."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    project = cargo_at(registry, 1, tmp_path).package(tmp_path, "late")
    with pytest.raises(CargoFailed, match="it is an earlier state, which never changes"):
        project.publish("--no-verify")
