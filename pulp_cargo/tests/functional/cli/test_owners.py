"""`pulp cargo owner`: the owners of the crates of a repository."""

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.owners import OwnedRegistry
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack


def test_owners_are_added_listed_and_removed(stack: Stack, pulp: Pulp, name: str) -> None:
    """To named crates, and to all that have none."""
    registry = stack.make_registry()
    for crate in (f"{name}-a", f"{name}-b"):
        registry.publish(Crate(crate))
    own = ("--repository", registry.name)
    people = OwnedRegistry(stack, registry)
    alice, bob = people.person().login, people.person().login
    stack.rest.make("groups/", name=name)

    def listed(*more: str) -> list[tuple[str, str]]:
        found = pulp.cargo("owner", "list", *own, *more)
        return [(one["crate"][-1], one["owner"]) for one in found]

    update = ("repository", "update", *own)
    pulp.cargo(*update, "--crate-owners")
    assert pulp.cargo("repository", "show", *own)["crate_owners"] is True
    group = f"group:{name}"
    added = pulp.cargo("owner", "add", *own, alice, group, "--crate", f"{name}-A")
    assert added == {"added": 2}
    assert pulp.cargo("owner", "add", bob, "--all-unowned", *own) == {"added": 1}
    assert listed() == [("a", alice), ("a", group), ("b", bob)]
    assert listed("--crate", f"{name}-A", "--limit", "1", "--offset", "1") == [("a", group)]
    assert listed("--owner", bob) == [("b", bob)]
    assert pulp.cargo("owner", "remove", *own, alice, "--crate", f"{name}-*") == {"removed": 1}
    assert listed("--owner", group) == [("a", group)]
    with pytest.raises(PulpFailed) as refused:
        pulp.cargo("owner", "remove", *own, bob, "--crate", f"{name}-b")
    assert refused.value.said == (
        f"Error: the crate `{name}_b` would be left without an owner: add another one first;"
        " nothing was changed.\n"
    )
    for options in ((), ("--crate", "x", "--all-unowned")):
        with pytest.raises(PulpFailed) as unclear:
            pulp.cargo("owner", "add", *own, alice, *options)
        assert unclear.value.said == "Error: Give either --crate or --all-unowned.\n"
    pulp.cargo(*update, "--no-crate-owners")
    assert pulp.cargo("repository", "show", *own)["crate_owners"] is False
