"""Who may do what: each role with each action, as real users, through the REST API."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from pulp_cargo.tests.support.rest import PATIENCE, Rest, unique

# A request by its method, what follows the object's href (or, with `/`, the list), and its body.
Request = tuple[str, str, dict[str, Any] | None]

UPSTREAM = "sparse+https://registry.example/"
ROLE_ACTIONS: dict[str, Request] = {
    "list_roles": ("GET", "list_roles/", None),
    "add_role": ("POST", "add_role/", {}),
    "remove_role": ("POST", "remove_role/", {}),
}
# The same for repositories, remotes and distributions. A body that is empty is refused with 400 by
# those who might send a good one, and with 403 by the others.
COMMON: dict[str, Request] = {
    "retrieve": ("GET", "", None),
    "my_permissions": ("GET", "my_permissions/", None),
    "create": ("POST", "/", {}),
    "update": ("PUT", "", {}),
    "partial_update": ("PATCH", "", {"pulp_labels": {}}),
    "set_label": ("POST", "set_label/", {"key": "team", "value": "a"}),
    "unset_label": ("POST", "unset_label/", {}),
    **ROLE_ACTIONS,
}
READING = {"retrieve", "my_permissions"}
CHANGING = COMMON.keys() - {"create"}
VERSIONS: dict[str, Request] = {
    "list of versions": ("GET", "versions/", None),
    "version": ("GET", "versions/0/", None),
    "repair of a version": ("POST", "versions/0/repair/", {"verify_checksums": "perhaps"}),
    "repair": ("POST", "versions/0/repair/", {"verify_checksums": False}),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object: its list, what can be asked of it, and what each role allows of that."""

    path: str
    model: str
    actions: Mapping[str, Request]
    roles: Mapping[str, set[str]]
    # What everybody with an account may do.
    free: set[str] = field(default_factory=set)


OF_VERSIONS = {"list of versions", "version"}
CONTENT: dict[str, Request] = {
    "modify": ("POST", "modify/", {"add_content_units": ["nonsense"]}),
    "import_crates": ("POST", "import_crates/", {}),
    "promote": ("POST", "promote/", {}),
    "sync": ("POST", "sync/", {}),
    "yank": ("POST", "yank/", {}),
    "unyank": ("POST", "unyank/", {}),
    "remove": ("POST", "remove/", {}),
    "add_owners": ("POST", "add_owners/", {}),
    "remove_owners": ("POST", "remove_owners/", {}),
}
OWNERS: dict[str, Request] = {"owners": ("GET", "owners/", None)}
CHECKS: dict[str, Request] = {
    "check_closure": ("POST", "check_closure/", {}),
    "check_dependencies": ("POST", "check_dependencies/", {"targets": 1}),
}
OF_READERS = OF_VERSIONS | CHECKS.keys() | {"owners"}
# What a list of upstreams has is for those who may read from it.
REPORTS: dict[str, Request] = {
    "explain": ("GET", "explain/", None),
    "collisions": ("GET", "collisions/", None),
    "collisions with names": ("POST", "collisions/", {}),
}
KINDS = {
    "repository": Kind(
        "repositories/cargo/cargo/",
        "cargorepository",
        COMMON | VERSIONS | CONTENT | OWNERS | CHECKS,
        {
            "owner": CHANGING | VERSIONS.keys() | CONTENT.keys() | OF_READERS,
            "publisher": READING | CONTENT.keys() - {"sync"} | OF_READERS,
            "viewer": READING | OF_READERS,
            "creator": {"create"},
        },
    ),
    "remote": Kind(
        "remotes/cargo/cargo/",
        "cargoremote",
        COMMON,
        {"owner": CHANGING, "viewer": READING, "creator": {"create"}},
    ),
    "distribution": Kind(
        "distributions/cargo/cargo/",
        "cargodistribution",
        COMMON | {"config": ("GET", "config/", None)} | REPORTS,
        {
            "owner": CHANGING | {"config"} | REPORTS.keys(),
            "publisher": READING | {"config"} | REPORTS.keys(),
            "reader": READING | {"config"} | REPORTS.keys(),
            "viewer": READING | {"config"},
            "creator": {"create"},
        },
    ),
    "token": Kind(
        "cargo/tokens/",
        "cargotoken",
        {name: COMMON[name] for name in ("retrieve", "my_permissions", "create")} | ROLE_ACTIONS,
        {"owner": READING | ROLE_ACTIONS.keys(), "viewer": READING},
        free={"create"},
    ),
}
CASES = [(kind, role) for kind, one in KINDS.items() for role in one.roles]


@pytest.fixture(scope="module")
def objects(rest: Rest) -> dict[str, str]:
    """One object of each kind, which the administrator made."""
    name = unique("of-the-administrator")
    repository = rest.need("repositories/cargo/cargo/", name=name)["pulp_href"]
    fields = {"name": name, "base_path": name, "repository": repository}
    return {
        "repository": repository,
        "remote": rest.need("remotes/cargo/cargo/", name=name, url=UPSTREAM)["pulp_href"],
        "distribution": rest.need("distributions/cargo/cargo/", **fields)["pulp_href"],
        "token": rest.need("cargo/tokens/", name=name)["pulp_href"],
    }


@pytest.fixture(scope="module")
def nobody(rest: Rest) -> Rest:
    """A user without any role."""
    return rest.new_user()


def answers(user: Rest, kind: Kind, href: str) -> dict[str, int | str]:
    """Return how each action of a kind is answered: "yes", or the status of the refusal."""
    told: dict[str, int | str] = {}
    for name, (method, end, body) in kind.actions.items():
        url = user.url(kind.path if end == "/" else href + end)
        status = user.session.request(method, url, json=body, timeout=PATIENCE).status_code
        assert status < 500 and status != 405, (name, status)
        told[name] = status if status in (401, 403, 404) else "yes"
    return told


def expected(kind: Kind, allowed: set[str]) -> dict[str, int | str]:
    """Return what to expect: who may not see an object is told that it is not there."""
    refusal = 403 if "retrieve" in allowed else 404
    refusals = defaultdict(lambda: refusal, create=403)
    return {name: "yes" if name in allowed | kind.free else refusals[name] for name in kind.actions}


@pytest.mark.parametrize(("name", "role"), CASES)
def test_role_allows_what_it_says(
    rest: Rest, objects: dict[str, str], name: str, role: str
) -> None:
    """On the object that it was given for; a creator's is for all of Pulp."""
    kind = KINDS[name]
    on = None if role == "creator" else objects[name]
    user = rest.new_user(f"cargo.{kind.model}_{role}", on=on)
    assert answers(user, kind, objects[name]) == expected(kind, kind.roles[role])


@pytest.mark.parametrize("name", KINDS)
def test_role_on_another_object_allows_nothing(
    rest: Rest, objects: dict[str, str], nobody: Rest, name: str
) -> None:
    """Neither does an account alone, or none at all."""
    kind = KINDS[name]
    assert answers(nobody, kind, objects[name]) == expected(kind, set())
    told = answers(Rest(rest.origin, None), kind, objects[name])
    assert set(told.values()) == {401}


@pytest.fixture(params=KINDS)
def own_object(rest: Rest, request: pytest.FixtureRequest) -> Iterator[tuple[Kind, Rest, str]]:
    """A user who is the owner of a new object of each kind, by having made it."""
    kind = KINDS[request.param]
    user = rest.new_user(*(f"cargo.{kind.model}_creator" for _ in {"creator"} & kind.roles.keys()))
    name = unique("own")
    more = {"remote": {"url": UPSTREAM}, "distribution": {"base_path": name}}
    made = user.make(kind.path, name=name, **more.get(request.param, {}))
    yield kind, user, made["pulp_href"]


def test_who_makes_an_object_owns_it(
    rest: Rest, nobody: Rest, own_object: tuple[Kind, Rest, str]
) -> None:
    """They may do everything with it and give roles away, until they delete it."""
    kind, user, href = own_object
    viewer = f"cargo.{kind.model}_viewer"
    user.post(f"{href}add_role/", users=[nobody.auth[0]], role=viewer)
    assert nobody.get(href)["pulp_href"] == href
    assert _status(nobody, "DELETE", href) == 403
    user.post(f"{href}remove_role/", users=[nobody.auth[0]], role=viewer)
    assert _status(nobody, "GET", href) == 404
    user.delete(href)
    assert _status(rest, "GET", href) == 404


def test_unknown_role_is_named(rest: Rest, objects: dict[str, str]) -> None:
    """A slip of the pen is a 400 that shows the name."""
    for name, href in objects.items():
        body = {"users": ["admin"], "role": f"cargo.{KINDS[name].model}_boss"}
        answer = rest.session.post(rest.url(f"{href}add_role/"), json=body, timeout=PATIENCE)
        assert answer.status_code == 400
        assert f"{KINDS[name].model}_boss" in answer.text


def _status(user: Rest, method: str, href: str) -> int:
    return int(user.session.request(method, user.url(href), timeout=PATIENCE).status_code)
