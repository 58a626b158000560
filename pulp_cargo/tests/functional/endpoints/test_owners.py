"""Owners of crates over HTTP (Cargo Book, Registry Web API, "Owners")."""

from itertools import product
from typing import Any

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.owners import OwnedRegistry, Person, owned_registry
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack

CHANGES = ("PUT", "DELETE")


@pytest.fixture(scope="module")
def owned(stack: Stack) -> OwnedRegistry:
    """A registry whose crates have owners."""
    return owned_registry(stack)


@pytest.fixture(scope="module")
def alice(owned: OwnedRegistry) -> Person:
    """A publisher."""
    return owned.person()


@pytest.fixture(scope="module")
def bob(owned: OwnedRegistry) -> Person:
    """Another publisher."""
    return owned.person()


def test_only_the_first_publisher_publishes_and_yanks(
    owned: OwnedRegistry, alice: Person, bob: Person, nothing: NothingStored, name: str
) -> None:
    """Others get a 403 that says whom to ask, and nothing is stored."""
    registry = owned.registry
    registry.publish(Crate(name), token=alice.token)
    with nothing(registry, name):
        answer = registry.send(Crate(name, "2.0.0"), token=bob.token)
        assert (answer.status, answer.detail) == (
            403,
            f"`{bob.login}` is not an owner of the crate `{name}`, and only owners may publish"
            " versions of it, yank them and change its owners: ask one of them to run"
            f" `cargo owner --add {bob.login} {name}`",
        )
        for call in (registry.yank, registry.unyank):
            assert call(name, token=bob.token).status == 403
    registry.publish(Crate(name, "2.0.0"), token=alice.token)
    assert registry.yank(name, token=alice.token).json() == {"ok": True}
    assert registry.unyank(name, token=alice.token).json() == {"ok": True}


def test_owners_are_listed_added_and_removed(
    owned: OwnedRegistry, alice: Person, bob: Person, name: str
) -> None:
    """In any spelling; a new owner publishes at once, a former one does not any more [105]."""
    registry = owned.registry
    registry.publish(Crate(f"{name}-A"), token=alice.token)
    (shown,) = owned.owners(f"{name.upper()}_a", token=bob.token).json()["users"]
    assert shown == {
        "id": shown["id"],
        "login": alice.login,
        "kind": "user",
        "url": None,
        "name": None,
        "avatar": None,
    }
    assert isinstance(shown["id"], int) and 0 <= shown["id"] < 2**32
    answer = owned.change("PUT", f"{name}_a", bob.login, token=alice.token)
    assert (answer.status, answer.json()) == (
        200,
        {"ok": True, "msg": f"`{bob.login}` now owns the crate `{name}-A`"},
    )
    assert owned.logins(f"{name}-A") == [alice.login, bob.login]
    registry.publish(Crate(f"{name}-A", "2.0.0"), token=bob.token)
    answer = owned.change("DELETE", f"{name}-a", alice.login, token=bob.token)
    assert (answer.status, answer.json()) == (
        200,
        {"ok": True, "msg": f"`{alice.login}` no longer owns the crate `{name}-A`"},
    )
    assert owned.logins(f"{name}-A") == [bob.login]
    assert registry.send(Crate(f"{name}-A", "3.0.0"), token=alice.token).status == 403


def test_group_is_an_owner(owned: OwnedRegistry, alice: Person, name: str) -> None:
    """Its members publish, yank and change owners; its id differs from that of every user [105]."""
    group = unique("devs")
    owned.stack.rest.make("groups/", name=group)
    member, registry = owned.person(group=group), owned.registry
    registry.publish(Crate(name), token=alice.token)
    assert registry.yank(name, token=member.token).status == 403
    assert owned.change("PUT", name, f"group:{group}", token=alice.token).status == 200
    first, second = owned.owners(name).json()["users"]
    assert (first["login"], second["login"]) == (alice.login, f"group:{group}")
    assert (second["kind"], second["name"]) == ("team", None)
    assert 2**31 < second["id"] < 2**32
    path = f"crates/{name.upper()}"
    assert registry.api("GET", f"{path}/owner_user").json() == {"users": [first]}
    assert registry.api("GET", f"{path}/owner_team").json() == {"teams": [second]}
    registry.publish(Crate(name, "2.0.0"), token=member.token)
    assert owned.change("DELETE", name, alice.login, token=member.token).status == 200
    assert owned.logins(name) == [f"group:{group}"]
    (found,) = owned.stack.rest.list("groups/", name=group)
    (user,) = owned.stack.rest.list("users/", username=member.login)
    pk = user["pulp_href"].rstrip("/").rpartition("/")[2]
    owned.stack.rest.delete(f"{found['pulp_href']}users/{pk}/")
    assert registry.send(Crate(name, "3.0.0"), token=member.token).status == 403


@pytest.mark.parametrize(
    ("method", "logins", "said"),
    [
        ("PUT", ["nobody-1"], "`nobody-1` is not a user or group of this Pulp"),
        ("PUT", ["{bob}", "github:acme:devs"], "`github:acme:devs` is not a user or group"),
        ("PUT", ["{bob}", "{alice}"], "`{alice}` already owns the crate"),
        ("DELETE", ["nobody-1"], "`nobody-1` is not a user or group of this Pulp"),
        ("DELETE", ["{bob}"], "`{bob}` does not own the crate"),
        ("DELETE", ["{alice}"], "would be left without an owner: add another one first"),
        ("PUT", [], "the request names no owner"),
        ("DELETE", [f"u{number}" for number in range(11)], "names 11 owners; 10 can be changed"),
    ],
)
def test_change_is_applied_whole_or_not_at_all(
    owned: OwnedRegistry,
    alice: Person,
    bob: Person,
    name: str,
    method: str,
    logins: list[str],
    said: str,
) -> None:
    """A 400 with the reason, and the owners stay as they were [106]."""
    owned.registry.publish(Crate(name), token=alice.token)
    people = {"alice": alice.login, "bob": bob.login}
    answer = owned.change(
        method, name, *(one.format(**people) for one in logins), token=alice.token
    )
    assert (answer.status, said.format(**people) in answer.detail) == (400, True), answer
    assert owned.logins(name) == [alice.login]


@pytest.mark.parametrize("method", CHANGES)
@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"users":"a"}', b'{"users":[{}]}'])
def test_body_of_another_shape_is_400(
    owned: OwnedRegistry, alice: Person, name: str, method: str, body: bytes
) -> None:
    """In cargo's form [49, 106]."""
    owned.registry.publish(Crate(name), token=alice.token)
    answer = owned.registry.api(method, f"crates/{name}/owners", body, token=alice.token)
    assert (answer.status, bool(answer.detail)) == (400, True)


@pytest.mark.parametrize("method", CHANGES)
def test_large_body_is_413(owned: OwnedRegistry, alice: Person, name: str, method: str) -> None:
    """Also one whose length is not announced."""
    owned.registry.publish(Crate(name), token=alice.token)
    large = b'{"users":["' + b"a" * 20_000 + b'"]}'
    for body in (large, [large[:10_000], large[10_000:]]):
        answer = owned.registry.api(method, f"crates/{name}/owners", body, token=alice.token)
        assert (answer.status, bool(answer.detail)) == (413, True)


@pytest.mark.parametrize("crate", ["{name}-no", "a%20b", "nul", "%00", "%ff", "a" * 65])
def test_unknown_crate_is_404(owned: OwnedRegistry, name: str, crate: str) -> None:
    """For every method, whoever asks [103]."""
    path = f"crates/{crate.format(name=name)}/owners"
    for method in ("GET", *CHANGES):
        answer = owned.registry.api(method, path, b'{"users":["admin"]}')
        assert (answer.status, bool(answer.detail)) == (404, True), (method, answer)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_other_methods_are_405(owned: OwnedRegistry, name: str, method: str) -> None:
    """With the methods of the path [49]."""
    answer = owned.registry.api(method, f"crates/{name}/owners", b"{}")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, PUT, DELETE")


def test_account_has_the_crates_of_a_user(owned: OwnedRegistry, alice: Person, name: str) -> None:
    """In their own spelling, and only those that the user owns in person in this registry."""
    group = owned.stack.rest.make("groups/", name=f"{name}-group")["name"]
    for crate in (f"{name}-B", f"{name}-A", f"{name}-c"):
        assert owned.registry.send(Crate(crate), token=alice.token).status == 200
    assert owned.change("PUT", f"{name}-c", f"group:{group}", token=alice.token).status == 200
    assert owned.change("DELETE", f"{name}-c", alice.login, token=alice.token).status == 200

    def crates(registry: Registry) -> list[dict[str, Any]]:
        found = registry.api("GET", "me", token=alice.token).json()["owned_crates"]
        return [one for one in found if one["name"].startswith(name)]

    shown = crates(owned.registry)
    assert [one["name"] for one in shown] == [f"{name}-A", f"{name}-B"]
    assert [one["email_notifications"] for one in shown] == [False, False]
    assert len({one["id"] for one in shown}) == 2
    assert crates(owned_registry(owned.stack).registry) == []


def test_crate_may_be_named_like_a_route(owned: OwnedRegistry, alice: Person) -> None:
    """`new` and `owners` are crates as any others."""
    for crate in ("new", "owners"):
        owned.registry.publish(Crate(crate), token=alice.token)
        assert owned.logins(crate) == [alice.login]


def test_change_needs_the_scope_and_the_pattern_of_the_token(
    owned: OwnedRegistry, alice: Person, bob: Person, name: str
) -> None:
    """By default tokens do not have the scope `change-owners` [115]."""
    owned.registry.publish(Crate(name), token=alice.token)
    all_others = ["read", "publish-new", "publish-update", "yank"]
    for fields in ({"scopes": all_others}, {"crate_patterns": [f"{name}-*"]}):
        token = owned.stack.make_token(user=alice.login, **fields)
        for method in CHANGES:
            answer = owned.change(method, name, bob.login, token=token)
            assert (answer.status, "`change-owners`" in answer.detail) == (403, True)
    token = owned.stack.make_token(
        user=alice.login, scopes=["change-owners"], crate_patterns=[name]
    )
    assert owned.change("PUT", name, bob.login, token=token).status == 200
    assert owned.logins(name) == [alice.login, bob.login]


def test_change_needs_an_owner(owned: OwnedRegistry, alice: Person, bob: Person, name: str) -> None:
    """Before any login is looked up, so that strangers learn of no user."""
    owned.registry.publish(Crate(name), token=alice.token)
    reader = owned.person(role="cargo.cargodistribution_reader")
    for method in CHANGES:
        for who in (bob, reader):
            told = {
                owned.change(method, name, login, token=who.token).detail
                for login in (bob.login, "nobody-1")
            }
            assert len(told) == 1
        for token, status in ((None, 401), ("nonsense", 401), (bob.token, 403)):
            assert owned.change(method, name, bob.login, token=token).status == status
    assert owned.logins(name) == [alice.login]


def test_owners_are_shown_to_users_only(
    owned: OwnedRegistry, private: Registry, alice: Person, name: str
) -> None:
    """Also of a public registry, to which cargo sends its token here; names of users are not public."""
    owned.registry.publish(Crate(name), token=alice.token)
    for token, kind in product((None, "nonsense"), ("owners", "owner_user", "owner_team")):
        answer = owned.registry.api("GET", f"crates/{name}/{kind}", token=token)
        assert (answer.status, bool(answer.detail)) == (401, True)
        assert answer.headers["www-authenticate"].startswith("Cargo login_url=")
    for scope in ("read", "yank"):
        token = owned.stack.make_token(user=alice.login, scopes=[scope])
        assert owned.owners(name, token=token).status == 200
    yanker = owned.stack.make_token(scopes=["yank"])
    path = "api/v1/crates/secret/owners"
    assert [private.get(path, token=token).status for token in (None, yanker)] == [401, 401]
    assert private.get(path, token=private.token).json() == {"users": []}


def test_whoever_may_modify_the_repository_is_above(
    owned: OwnedRegistry, alice: Person, bob: Person, name: str
) -> None:
    """They name the owner of a crate that has none; the role counts from the moment it is given."""
    owned.registry.publish(Crate(name), token=alice.token)
    rest = owned.stack.rest
    role = {"users": [bob.login], "role": "cargo.cargorepository_publisher"}
    assert owned.registry.yank(name, token=bob.token).status == 403
    rest.post(f"{owned.registry.repository}add_role/", **role)
    assert owned.registry.yank(name, token=bob.token).status == 200
    assert owned.change("PUT", name, bob.login, token=bob.token).status == 200
    assert owned.change("DELETE", name, bob.login, token=bob.token).status == 200
    rest.post(f"{owned.registry.repository}remove_role/", **role)
    assert owned.registry.unyank(name, token=bob.token).status == 403


def test_owners_are_switched_on_and_off(stack: Stack, name: str) -> None:
    """Off: everybody who may publish may publish every crate, the list is empty, a change is a 400."""
    registry = stack.make_registry()
    without = OwnedRegistry(stack, registry)
    alice, bob = without.person(), without.person()
    registry.publish(Crate(name), token=alice.token)
    registry.publish(Crate(name, "2.0.0"), token=bob.token)
    assert without.owners(name).json() == {"users": []}
    for method in CHANGES:
        answer = without.change(method, name, bob.login, token=alice.token)
        assert answer.status == 400
        assert "pulp cargo repository update --crate-owners" in answer.detail
    stack.rest.set(registry.repository, crate_owners=True)
    answer = registry.send(Crate(name, "3.0.0"), token=alice.token)
    assert (answer.status, "has no owner yet" in answer.detail) == (403, True)
    # The administrator is above.
    assert without.change("PUT", name, bob.login).status == 200
    registry.publish(Crate(name, "3.0.0"), token=bob.token)
    stack.rest.set(registry.repository, crate_owners=False)
    registry.publish(Crate(name, "4.0.0"), token=alice.token)
    assert without.owners(name).json() == {"users": []}


def test_registry_without_uploads_shows_owners_and_changes_none(
    owned: OwnedRegistry, alice: Person, name: str
) -> None:
    """A second registry of the repository, say, or one that serves an old version."""
    owned.registry.publish(Crate(name), token=alice.token)
    other = owned.stack.make_registry(of=owned.registry, allow_uploads=False)
    there = OwnedRegistry(owned.stack, other)
    assert there.logins(name) == [alice.login]
    for method in CHANGES:
        answer = there.change(method, name, "admin")
        assert (answer.status, "does not allow uploads" in answer.detail) == (403, True)
