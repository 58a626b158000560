"""Crates copied between repositories by `modify`: null means "this registry", so it changes."""

from collections.abc import Mapping

import pytest

from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, unique
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture
def pair(stack: Stack) -> tuple[Registry, Registry]:
    """Two registries of two repositories."""
    return stack.make_registry(), stack.make_registry()


def hrefs(stack: Stack, kind: str, registry: Registry) -> list[str]:
    """Return the units that a registry's repository holds now."""
    version = stack.rest.get(registry.repository)["latest_version_href"]
    found = stack.rest.list(f"content/cargo/{kind}/", repository_version=version)
    return [unit["pulp_href"] for unit in found]


def change(stack: Stack, registry: Registry, **units: list[str]) -> None:
    """Run `modify` on a registry's repository: `add` and `remove` are hrefs."""
    fields = {f"{verb}_content_units": found for verb, found in units.items()}
    stack.rest.post(f"{registry.repository}modify/", **fields)


def origins(registry: Registry, name: str) -> Mapping[str, str | None]:
    """Return the registry of each dependency in the index."""
    return {dep["name"]: dep["registry"] for dep in registry.entry(name)["deps"]}


def test_null_follows_the_registry(stack: Stack, pair: tuple[Registry, Registry]) -> None:
    """What is from A is null in A and A's URL in B; what is from B is B's URL in A and null in B."""
    a, b = pair
    name = unique("leaf")
    deps = [Dep(name="of-a"), Dep(name="of-b", registry=b.index_url)]
    a.publish(Crate(name, deps=[*deps, Dep(name="serde", registry=CRATES_IO)]))
    change(stack, b, add=hrefs(stack, "crates", a))
    assert origins(a, name) == {"of-a": None, "of-b": b.index_url, "serde": CRATES_IO}
    assert origins(b, name) == {"of-a": a.index_url, "of-b": None, "serde": CRATES_IO}
    assert b.download(name).body == a.download(name).body
    change(stack, b, remove=hrefs(stack, "crates", b))
    assert b.index(name) == []
    assert origins(a, name)["of-a"] is None


def test_yanks_are_copied_or_not(stack: Stack, pair: tuple[Registry, Registry]) -> None:
    """A mark is a unit of its own, and needs its crate version where it goes."""
    a, b = pair
    name = unique("leaf")
    a.publish(Crate(name))
    a.yank(name)
    crates, yanks = hrefs(stack, "crates", a), hrefs(stack, "yanks", a)
    with pytest.raises(Refused, match="cannot be yanked: the repository does not have it"):
        change(stack, b, add=yanks)
    change(stack, b, add=crates)
    assert (a.entry(name)["yanked"], b.entry(name)["yanked"]) == (True, False)
    change(stack, b, add=yanks)
    assert b.entry(name)["yanked"] is True
    b.unyank(name)
    assert (a.entry(name)["yanked"], b.entry(name)["yanked"]) == (True, False)
    change(stack, a, remove=crates)
    assert hrefs(stack, "yanks", a) == []


def test_copy_never_replaces_a_version(stack: Stack, pair: tuple[Registry, Registry]) -> None:
    """Other bytes of a version, or another spelling of a name, stay out."""
    a, b = pair
    name = unique("leaf")
    a.publish(Crate(name))
    there = hrefs(stack, "crates", a)
    for other in (Crate(name, package={"license": "MIT"}), Crate(name.upper(), "2.0.0")):
        b.publish(other)
        with pytest.raises(Refused, match="All versions must have the same spelling"):
            change(stack, a, add=hrefs(stack, "crates", b))
        change(stack, b, remove=hrefs(stack, "crates", b))
        assert hrefs(stack, "crates", a) == there
