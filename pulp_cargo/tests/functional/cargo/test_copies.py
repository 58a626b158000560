"""The real cargo with crates that were copied between the repositories of two registries."""

from pathlib import Path

import pytest

from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.cargo


def test_copy_builds_with_what_it_was_made_of(stack: Stack, name: str, tmp_path: Path) -> None:
    """A copy in B of A's crate takes A's crates from A and B's from B, and cargo locks it so."""
    a, b = stack.make_registry(), stack.make_registry()
    a.publish(Crate(f"{name}_a"))
    b.publish(Crate(f"{name}_b"))
    deps = [Dep(name=f"{name}_a"), Dep(name=f"{name}_b", registry=b.index_url)]
    a.publish(Crate(name, deps=deps))
    (unit,) = stack.rest.list("content/cargo/crates/", name=name)
    stack.rest.post(f"{b.repository}modify/", add_content_units=[unit["pulp_href"]])
    cargo = Cargo(tmp_path / "home", {"a": a, "b": b}).configure()
    line = f'{name} = {{ version = "1", registry = "b" }}'
    project = cargo.package(tmp_path, "app", deps=[line])
    project.run("build")
    locked = {name: source for name, (source, _) in project.locked().items() if source}
    assert locked == {
        f"{name} 1.0.0": b.index_url,
        f"{name}_a 1.0.0": a.index_url,
        f"{name}_b 1.0.0": b.index_url,
    }
