"""`cargo owner`, and what owners mean to `cargo publish` and `cargo yank`."""

from pathlib import Path

import pytest

from pulp_cargo.tests.support.cargo import Cargo, CargoFailed
from pulp_cargo.tests.support.owners import OwnedRegistry, Person, owned_registry
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.cargo


@pytest.fixture(scope="module")
def owned(stack: Stack) -> OwnedRegistry:
    """A registry whose crates have owners."""
    return owned_registry(stack)


def cargo_of(person: Person, owned: OwnedRegistry, home: Path) -> Cargo:
    """Return a cargo with the token of somebody."""
    own = Registry(owned.registry.name, owned.registry.index_url, person.token)
    return Cargo(home, {"mine": own}).configure()


def test_team_shares_a_crate(owned: OwnedRegistry, name: str, tmp_path: Path) -> None:
    """List, add and remove users and groups; publish and yank follow at once [105, 106]."""
    group = unique("devs")
    owned.stack.rest.make("groups/", name=group)
    alice, bob, member = owned.person(), owned.person(), owned.person(group=group)
    cargos = {one.login: cargo_of(one, owned, tmp_path / one.login) for one in (alice, bob, member)}

    def owner(by: Person, *arguments: str) -> str:
        return cargos[by.login].run("owner", *arguments, "--registry=mine", name)

    def publish(by: Person, vers: str) -> str:
        folder = tmp_path / unique("package")
        return cargos[by.login].package(folder, name, vers).publish("--no-verify")

    publish(alice, "1.0.0")
    assert alice.login in owner(alice, "--list").splitlines()
    with pytest.raises(CargoFailed, match=f"{bob.login}. is not an owner of the crate .{name}"):
        publish(bob, "2.0.0")
    with pytest.raises(CargoFailed, match="403 Forbidden"):
        owner(bob, "--add", bob.login)
    said = owner(alice, "--add", bob.login, "--add", f"group:{group}")
    assert f"`{bob.login}` and `group:{group}` now own the crate `{name}`" in said
    assert {alice.login, bob.login, f"group:{group}"} <= set(owner(bob, "--list").splitlines())
    publish(bob, "2.0.0")
    publish(member, "3.0.0")
    cargos[member.login].run("yank", name, "--version=1.0.0", "--registry=mine")
    assert owned.registry.entry(name)["yanked"] is True
    owner(member, "--remove", alice.login, "--remove", bob.login)
    with pytest.raises(CargoFailed, match="is not an owner"):
        cargos[alice.login].run("yank", name, "--version=1.0.0", "--undo", "--registry=mine")
    with pytest.raises(CargoFailed, match="would be left without an owner"):
        owner(member, "--remove", f"group:{group}")
    with pytest.raises(CargoFailed, match=f"{name}-nobody. is not a user or group of this Pulp"):
        owner(member, "--add", f"{name}-nobody")
    assert owned.logins(name) == [f"group:{group}"]
