"""Owners of a repository's crates in the REST API."""

from typing import Any

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.owners import OwnedRegistry, Person, owned_registry
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture
def owned(stack: Stack, name: str) -> OwnedRegistry:
    """A registry with crates without owners, from before it had owners."""
    registry = stack.make_registry()
    for crate in (f"{name}-a", f"{name}-B", f"{name}-bc"):
        registry.publish(Crate(crate))
    stack.rest.set(registry.repository, crate_owners=True)
    return OwnedRegistry(stack, registry)


@pytest.fixture
def alice(owned: OwnedRegistry) -> Person:
    """A publisher."""
    return owned.person()


def listed(rest: Rest, repository: str, **filters: Any) -> list[tuple[str, str]]:
    """Return crates and owners."""
    return [(one["crate"], one["owner"]) for one in rest.list(f"{repository}owners/", **filters)]


def test_switch_of_a_repository(rest: Rest) -> None:
    """Off by default."""
    made = rest.need("repositories/cargo/cargo/", name=unique("repo"))
    assert made["crate_owners"] is False
    rest.set(made["pulp_href"], crate_owners=True)
    assert rest.get(made["pulp_href"])["crate_owners"] is True


def test_owner_shows_who_added_it_and_when(stack: Stack, name: str) -> None:
    """The first publisher, and those whom others have added."""
    owned = owned_registry(stack)
    alice, rest, repository = owned.person(), stack.rest, owned.registry.repository
    owned.registry.publish(Crate(f"{name}-A"), token=alice.token)
    group = unique("devs")
    rest.make("groups/", name=group)
    done = rest.post(f"{repository}add_owners/", owners=[f"group:{group}"], crates=[f"{name}-a"])
    assert done == {"added": 1}
    first, second = rest.list(f"{repository}owners/")
    crate = f"{name}_a"
    assert first == {
        "crate": crate,
        "owner": alice.login,
        "added_at": first["added_at"],
        "added_by": alice.login,
    }
    assert second == {
        "crate": crate,
        "owner": f"group:{group}",
        "added_at": second["added_at"],
        "added_by": "admin",
    }
    assert first["added_at"] < second["added_at"]
    assert rest.list(f"{repository}owners/", fields="owner") == [
        {"owner": alice.login},
        {"owner": f"group:{group}"},
    ]


def test_unowned_crates_are_handed_out(
    owned: OwnedRegistry, alice: Person, rest: Rest, name: str
) -> None:
    """By patterns, in bulk, and filtered by crate and owner."""
    repository = owned.registry.repository
    bob, group = owned.person(), unique("devs")
    rest.make("groups/", name=group)
    assert owned.registry.yank(f"{name}-a", token=alice.token).status == 403
    logins = [alice.login, f"group:{group}"]
    assert rest.post(f"{repository}add_owners/", owners=logins, crates=[f"{name}_b*"]) == {
        "added": 4
    }
    some = {"owners": [bob.login], "crates": ["*"], "unowned": True}
    assert rest.post(f"{repository}add_owners/", **some) == {"added": 1}
    assert rest.post(f"{repository}add_owners/", **some) == {"added": 0}
    a, b, bc = f"{name}_a", f"{name}_b", f"{name}_bc"
    assert listed(rest, repository) == [
        (a, bob.login),
        *((crate, login) for crate in (b, bc) for login in logins),
    ]
    assert listed(rest, repository, crate=f"{name}-BC") == [(bc, login) for login in logins]
    assert listed(rest, repository, owner=alice.login) == [(b, alice.login), (bc, alice.login)]
    assert listed(rest, repository, owner=f"group:{group}", limit=1) == [(b, f"group:{group}")]
    assert listed(rest, repository, owner="nobody-1") == []
    assert owned.registry.yank(f"{name}-a", token=alice.token).status == 403
    assert owned.registry.yank(f"{name}-b", token=alice.token).status == 200
    gone = rest.post(f"{repository}remove_owners/", owners=[alice.login], crates=["*"])
    assert gone == {"removed": 2}
    assert owned.registry.unyank(f"{name}-b", token=alice.token).status == 403


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("add_owners", {"owners": ["nobody-1"]}, "`nobody-1` is not a user or group"),
        ("add_owners", {"crates": ["{name}-no"]}, "does not have the crate `{name}_no`"),
        (
            "add_owners",
            {"crates": ["a b"]},
            "the crate pattern 'a b' is invalid: it must be a crate name",
        ),
        ("add_owners", {"crates": []}, "This list may not be empty."),
        ("add_owners", {"owners": []}, "This list may not be empty."),
        ("add_owners", {"owners": ["u"] * 11}, "no more than 10 elements"),
        ("add_owners", {"owners": ["a\0"]}, "has a NUL character, which PostgreSQL cannot store"),
        ("add_owners", {"owners": [None]}, "may not be null"),
        ("add_owners", {"unowned": "perhaps"}, "Must be a valid boolean"),
        ("add_owners", {"what": 1}, "Unexpected field"),
        ("remove_owners", {"owners": ["nobody-1"]}, "`nobody-1` is not a user or group"),
        ("remove_owners", {"crates": ["*"]}, "would be left without an owner"),
        ("remove_owners", {"unowned": True}, "Unexpected field"),
    ],
)
def test_bad_requests_change_nothing(
    owned: OwnedRegistry,
    alice: Person,
    rest: Rest,
    name: str,
    action: str,
    fields: dict[str, Any],
    said: str,
) -> None:
    """A 400 that says what is wrong."""
    repository = owned.registry.repository
    right = {"owners": [alice.login], "crates": [f"{name}-a"]}
    rest.post(f"{repository}add_owners/", **right)
    filled = {
        key: [one.format(name=name) if isinstance(one, str) else one for one in value]
        if isinstance(value, list)
        else value
        for key, value in fields.items()
    }
    with pytest.raises(Refused) as refused:
        rest.post(f"{repository}{action}/", **(right | filled))
    assert refused.value.status == 400
    assert said.replace("{name}", name) in refused.value.text
    assert listed(rest, repository) == [(f"{name}_a", alice.login)]


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("publisher", None), ("owner", None)]
)
def test_owners_are_changed_by_whoever_may_modify_the_repository(
    owned: OwnedRegistry, alice: Person, rest: Rest, name: str, role: str, status: int | None
) -> None:
    """And seen by whoever may view it, and by nobody else."""
    repository = owned.registry.repository
    user = rest.new_user(f"cargo.cargorepository_{role}", on=repository)
    wanted = {"owners": [alice.login], "crates": [f"{name}-a"]}
    assert listed(user, repository) == []
    if status is None:
        assert user.post(f"{repository}add_owners/", **wanted) == {"added": 1}
    else:
        for action in ("add_owners", "remove_owners"):
            with pytest.raises(Refused) as refused:
                user.post(f"{repository}{action}/", **wanted)
            assert refused.value.status == status
    for path in ("owners/", "add_owners/"):
        method = "GET" if path == "owners/" else "POST"
        with pytest.raises(Refused) as unseen:
            alice.rest.call(method, f"{repository}{path}", json=wanted)
        assert unseen.value.status == 404
