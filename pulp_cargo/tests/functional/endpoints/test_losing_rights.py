"""Whoever loses a right loses it at once, also where a moment ago it was used and remembered."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack

# Verdicts are remembered for 5 seconds: what takes longer than this was not told of.
AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A registry that not everybody may read, and the role on an object that lets people in."""

    registry: Registry
    object: str
    role: str
    permission: str


@dataclass(frozen=True, slots=True)
class Reader:
    """A user without any role, in a group without any role, with a token."""

    place: Place
    rest: Rest
    name: str
    user: str
    group: str
    token_href: str
    token: str

    def status(self) -> int:
        """Return how a read is answered."""
        return self.place.registry.index_file("secret", token=self.token).status


@pytest.fixture(scope="module")
def asks_for_token(stack: Stack, private: Registry) -> Place:
    """A registry with `auth_required`."""
    role = "cargo.cargodistribution_reader"
    return Place(private, private.href, role, "cargo.read_cargodistribution")


@pytest.fixture(scope="module")
def has_guard(stack: Stack) -> Place:
    """A registry with a guard that asks for a role on the guard."""
    guard = stack.rest.make("contentguards/core/rbac/", name=unique("guard"))["pulp_href"]
    registry = stack.make_registry(content_guard=guard)
    registry.publish(Crate("secret"))
    role = "core.rbaccontentguard_downloader"
    return Place(registry, guard, role, "core.download_rbaccontentguard")


@pytest.fixture(params=["asks_for_token", "has_guard"])
def reader(stack: Stack, request: pytest.FixtureRequest) -> Reader:
    """Somebody who may not read yet."""
    place: Place = request.getfixturevalue(request.param)
    rest, name = stack.rest, unique("reader")
    user = rest.make("users/", username=name, password=f"{name}-pw-1")
    group = rest.make("groups/", name=name)
    rest.post(f"{group['pulp_href']}users/", username=name)
    token = stack.make_token_record(user=name, scopes=["read"])
    hrefs = (user["pulp_href"], group["pulp_href"], token["pulp_href"])
    return Reader(place, rest, name, *hrefs, token["token"])


Lose = Callable[[], object]


def _on_object(reader: Reader) -> Lose:
    body = {"users": [reader.name], "role": reader.place.role}
    reader.rest.post(f"{reader.place.object}add_role/", **body)
    return lambda: reader.rest.post(f"{reader.place.object}remove_role/", **body)


def _on_object_by_group(reader: Reader) -> Lose:
    body = {"groups": [reader.name], "role": reader.place.role}
    reader.rest.post(f"{reader.place.object}add_role/", **body)
    return lambda: reader.rest.post(f"{reader.place.object}remove_role/", **body)


def _given(reader: Reader, whom: str, on: str | None, role: str | None = None) -> str:
    fields = {"role": role or reader.place.role, "content_object": on}
    return str(reader.rest.post(f"{whom}roles/", **fields)["pulp_href"])


def _of_user_on_object(reader: Reader) -> Lose:
    href = _given(reader, reader.user, reader.place.object)
    return lambda: reader.rest.delete(href)


def _of_user_everywhere(reader: Reader) -> Lose:
    href = _given(reader, reader.user, None)
    return lambda: reader.rest.delete(href)


def _of_group_on_object(reader: Reader) -> Lose:
    href = _given(reader, reader.group, reader.place.object)
    return lambda: reader.rest.delete(href)


def _of_group_everywhere(reader: Reader) -> Lose:
    href = _given(reader, reader.group, None)
    return lambda: reader.rest.delete(href)


def _out_of_group(reader: Reader) -> Lose:
    _given(reader, reader.group, None)
    pk = reader.user.rstrip("/").rpartition("/")[2]
    return lambda: reader.rest.delete(f"{reader.group}users/{pk}/")


def _group_deleted(reader: Reader) -> Lose:
    _given(reader, reader.group, reader.place.object)
    return lambda: reader.rest.delete(reader.group)


def _user_deactivated(reader: Reader) -> Lose:
    _given(reader, reader.user, None)
    return lambda: reader.rest.patch(reader.user, is_active=False)


def _user_deleted(reader: Reader) -> Lose:
    _given(reader, reader.user, None)
    return lambda: reader.rest.delete(reader.user)


def _token_deleted(reader: Reader) -> Lose:
    _given(reader, reader.user, None)
    return lambda: reader.rest.delete(reader.token_href)


def _own_role(reader: Reader) -> str:
    permissions = [reader.place.permission]
    role = reader.rest.make("roles/", name=unique("role"), permissions=permissions)
    _given(reader, reader.user, reader.place.object, role["name"])
    return str(role["pulp_href"])


def _role_deleted(reader: Reader) -> Lose:
    role = _own_role(reader)
    return lambda: reader.rest.delete(role)


def _permission_taken_from_role(reader: Reader) -> Lose:
    role = _own_role(reader)
    return lambda: reader.rest.patch(role, permissions=["cargo.view_cargodistribution"])


WAYS = [
    _on_object,
    _on_object_by_group,
    _of_user_on_object,
    _of_user_everywhere,
    _of_group_on_object,
    _of_group_everywhere,
    _out_of_group,
    _group_deleted,
    _user_deactivated,
    _user_deleted,
    _token_deleted,
    _role_deleted,
    _permission_taken_from_role,
]


@pytest.mark.parametrize("give", WAYS, ids=lambda give: give.__name__.strip("_"))
def test_right_ends_with_what_gave_it(reader: Reader, give: Callable[[Reader], Lose]) -> None:
    """Every way in which Pulp takes a right away is told to the processes that remember it."""
    assert reader.status() == 401
    lose = give(reader)
    assert (reader.status(), reader.status()) == (200, 200)
    lose()
    _refused_at_once(reader.status)


@pytest.mark.parametrize("reader", ["has_guard"], indirect=True)
def test_changed_policy_of_guards_holds_at_once(reader: Reader) -> None:
    """An administrator may say what else a guard asks for."""
    _given(reader, reader.user, None)
    assert (reader.status(), reader.status()) == (200, 200)
    (policy,) = reader.rest.list("access_policies/", viewset_name="contentguards/core/rbac")
    kept = [one for one in policy["statements"] if "download" not in one["action"]]
    reader.rest.patch(policy["pulp_href"], statements=kept)
    try:
        _refused_at_once(reader.status)
    finally:
        reader.rest.post(f"{policy['pulp_href']}reset/")
    assert reader.status() == 200


def _refused_at_once(status: Callable[[], int]) -> None:
    deadline = time.monotonic() + AT_ONCE
    while (seen := status()) == 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert seen == 401
