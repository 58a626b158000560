"""Nobody writes into a repository that they may not modify, whatever they may see and own.

Many more changes are tried in the process of `tests/database/test_repository_use`; here they are
requests, with their access policies and tasks.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pulp_cargo.tests.functional.rest.upstreams import DISTRIBUTIONS
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.traces import remove_orphan

NO_CRATE = b"no crate, whoever sends it"
THEIRS = "sparse+https://their.example/"
REPOSITORY = ("none", "latest", "pinned")
LISTS = ("none", "reads", "claims", "stores", "passes on")
# The role on the repository, and whether its bearer may modify what is in there.
ROLES = {None: False, "viewer": False, "publisher": True, "owner": True}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a distribution says of the repository and of the remote."""

    repository: str
    remote: bool
    upstreams: str
    allow_uploads: bool

    @property
    def names_repository(self) -> bool:
        """Whether the repository is named at all."""
        return self.repository != "none" or self.upstreams in ("reads", "claims", "stores")

    @property
    def names_remote(self) -> bool:
        """Whether the remote is named at all."""
        return self.remote or self.upstreams in ("stores", "passes on")

    @property
    def ways_in(self) -> set[str]:
        """How something comes into the repository."""
        found = set()
        if self.repository == "latest" and self.allow_uploads:
            found.add("uploads")
        if (self.repository == "latest" and self.remote) or self.upstreams == "stores":
            found.add("remote")
        return found


SHAPES = st.builds(
    Shape, st.sampled_from(REPOSITORY), st.booleans(), st.sampled_from(LISTS), st.booleans()
)


@dataclass(frozen=True, slots=True)
class World:
    """A repository and a remote, and users with each role on the repository."""

    admin: Rest
    repository: str
    remote: str
    users: dict[tuple[str | None, bool], Rest]

    def fields(self, shape: Shape) -> dict[str, Any]:
        """Return the shape as the REST API has it."""
        entry: dict[str, Any] = {"name": "one"}
        if shape.upstreams != "passes on":
            entry |= {"repository": self.repository, "private": shape.upstreams == "claims"}
        if shape.upstreams in ("stores", "passes on"):
            entry |= {"remote": self.remote, "private": False}
        return {
            "repository": self.repository if shape.repository == "latest" else None,
            "repository_version": f"{self.repository}versions/0/"
            if shape.repository == "pinned"
            else None,
            "remote": self.remote if shape.remote else None,
            "upstreams": [] if shape.upstreams == "none" else [entry],
            "allow_uploads": shape.allow_uploads,
        }


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    """One for all examples: none of them leaves a distribution behind."""
    admin = stack.rest
    repository = admin.need("repositories/cargo/cargo/", name=unique("vault"))["pulp_href"]
    remote = admin.need("remotes/cargo/cargo/", name=unique("theirs"), url=THEIRS)["pulp_href"]
    users = {}
    for role in ROLES:
        for sees_remote in (True, False):
            users[role, sees_remote] = user = admin.new_user("cargo.cargodistribution_creator")
            if role is not None:
                admin.grant(user, f"cargo.cargorepository_{role}", repository)
            if sees_remote:
                admin.grant(user, "cargo.cargoremote_viewer", remote)
    return World(admin, repository, remote, users)


def status(rest: Rest, method: str, path: str, fields: dict[str, Any]) -> int:
    """Return how a request ends, once the task that it may start has ended: 200 for done."""
    answer = rest.session.request(method, rest.url(path), json=fields, timeout=60)
    if answer.status_code == 202:
        rest.wait_task(answer.json()["task"])
        return 200
    return 200 if answer.status_code == 201 else answer.status_code


@pytest.mark.parametrize("role", ROLES, ids=str)
@settings(
    # Each example takes several tasks; what fails is small enough as it is.
    max_examples=4,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sees_remote=st.booleans(), before=st.none() | SHAPES, after=SHAPES)
def test_each_change_by_users_with_each_role(
    world: World, role: str | None, sees_remote: bool, before: Shape | None, after: Shape
) -> None:
    """It takes the right to see what is named, and to modify where a new way in is made."""
    user = world.users[role, sees_remote]
    if before is not None and not is_sound(world, None, before):
        return
    sound = is_sound(world, before, after)
    seen = (not after.names_repository or role is not None) and (
        not after.names_remote or sees_remote
    )
    new = after.ways_in - (before.ways_in if before else set())
    found = attempt(world, user, before, after)
    if not seen:
        assert found in (400, 403)
    elif not sound:
        assert found == 400
    else:
        assert found == (200 if not new or ROLES[role] else 403)


def is_sound(world: World, before: Shape | None, after: Shape) -> bool:
    """Whether a distribution can be like that, whoever makes or changes it."""
    from rest_framework.exceptions import ValidationError

    made = None
    try:
        made = need(world, before or after)
        if before is not None:
            world.admin.set(made, **world.fields(after))
    except ValidationError:
        return False
    finally:
        if made is not None:
            world.admin.drop(made)
    return True


def attempt(world: World, who: Rest, before: Shape | None, after: Shape) -> int:
    """Make a distribution, or change one of the administrator's, and remove it again."""
    if before is None:
        name = unique("registry")
        fields = {"name": name, "base_path": name} | world.fields(after)
        found = status(who, "POST", DISTRIBUTIONS, fields)
        made = next((one["pulp_href"] for one in world.admin.list(DISTRIBUTIONS, name=name)), None)
    else:
        made = need(world, before)
        world.admin.grant(who, "cargo.cargodistribution_owner", made)
        found = status(who, "PATCH", made, world.fields(after))
    if made is not None:
        world.admin.drop(made)
    return found


def need(world: World, shape: Shape) -> str:
    """Make a distribution of the administrator's, and return its href."""
    name = unique("registry")
    fields = {"name": name, "base_path": name} | world.fields(shape)
    return str(world.admin.need(DISTRIBUTIONS, **fields)["pulp_href"])


@pytest.mark.parametrize("form", ["remote", "upstreams"])
def test_who_sees_a_repository_fills_it_from_no_remote(stack: Stack, form: str) -> None:
    """Theirs would put crates there, and turn crates.io's into ones from there."""
    victim = stack.make_registry(allow_uploads=False)
    user = stack.rest.new_user("cargo.cargoremote_creator", "cargo.cargodistribution_creator")
    stack.rest.grant(user, "cargo.cargorepository_viewer", victim.repository)
    remote = user.make("remotes/cargo/cargo/", name=unique("evil"), url=THEIRS)
    entry = {"repository": victim.repository, "remote": remote["pulp_href"]}
    fields = entry if form == "remote" else {"upstreams": [{"name": "x", **entry}]}
    own = unique("own")
    wanted = {"name": own, "base_path": own} | fields
    answer = user.session.post(user.url(DISTRIBUTIONS), json=wanted, timeout=60)
    assert answer.status_code == 403
    assert "the right to modify" in answer.text
    assert stack.rest.list(DISTRIBUTIONS, name=own) == []


# The roles on the repository for each way in, beside that of an owner.
WAYS = {
    "sync": {"syncer", "owner"},
    "sync with another remote": {"owner"},
    "mirror": {"owner"},
    "import_crates": {"publisher", "owner"},
    "modify": {"publisher", "owner"},
    "promote": {"publisher", "owner"},
    "yank": {"publisher", "owner"},
    "remove": {"publisher", "owner"},
    "upload": {"publisher", "owner"},
    "upload by a task": {"publisher", "owner"},
    "yank mark": {"publisher", "owner"},
    "remote of the repository": {"owner"},
    "url of its remote": {"publisher", "owner"},
    "proxy of its remote": {"publisher", "owner"},
    "name of its remote": {None, "viewer", "publisher", "syncer", "changer", "owner"},
}
# Roles of our own, with the right to view and one more that is not that to modify.
OWN_ROLES = {"syncer": "sync", "changer": "change"}


@dataclass(frozen=True, slots=True)
class Filled:
    """A repository that takes uploads, and has a remote that a cache of another uses."""

    repository: str
    remote: str
    other: str

    def send(self, who: Rest, way: str) -> int:
        """Send a request that comes to its end with a 400 or at a host that is not there."""
        post, patch = who.session.post, who.session.patch
        one = {"name": "none", "vers": "1.0.0"}
        match way:
            case "sync":
                found = post(who.url(f"{self.repository}sync/"), json={})
            case "sync with another remote":
                found = post(who.url(f"{self.repository}sync/"), json={"remote": self.other})
            case "mirror":
                fields = {"mirror": True, "remote": self.remote}
                found = post(who.url(f"{self.repository}sync/"), json=fields)
            case "import_crates":
                files = {"file": ("crates.tar", b"no archive")}
                found = post(who.url(f"{self.repository}import_crates/"), files=files)
            case "modify":
                found = post(who.url(f"{self.repository}modify/"), json={"base_version": "/none/"})
            case "promote":
                fields = {"source": self.repository, "crates": [one]}
                found = post(who.url(f"{self.repository}promote/"), json=fields)
            case "yank":
                found = post(who.url(f"{self.repository}yank/"), json=one)
            case "remove":
                found = post(who.url(f"{self.repository}remove/"), json={"crates": [one]})
            case "upload":
                found = self._send_file(who, "content/cargo/crates/upload/")
            case "upload by a task":
                found = self._send_file(who, "content/cargo/crates/")
            case "yank mark":
                fields = {**one, "repository": self.repository}
                found = post(who.url("content/cargo/yanks/"), json=fields)
            case "remote of the repository":
                found = patch(who.url(self.repository), json={"remote": self.other})
            case "url of its remote":
                found = patch(who.url(self.remote), json={"url": f"{THEIRS}{unique('x')}/"})
            case "proxy of its remote":
                fields = {"proxy_url": f"http://{unique('their')}.example"}
                found = patch(who.url(self.remote), json=fields)
            case _:
                found = patch(who.url(self.remote), json={"max_retries": 0})
        return int(found.status_code)

    def _send_file(self, who: Rest, path: str) -> Any:
        return who.session.post(
            who.url(path),
            files={"file": ("a.crate", NO_CRATE)},
            data={"repository": self.repository},
        )


@pytest.fixture(scope="module")
def roles(stack: Stack) -> dict[str | None, str]:
    """The roles on a repository, by short names."""
    names: dict[str | None, str] = {
        role: f"cargo.cargorepository_{role}" for role in ("viewer", "publisher")
    }
    for role, verb in OWN_ROLES.items():
        permissions = [f"cargo.{one}_cargorepository" for one in ("view", verb)]
        names[role] = unique(f"test.{role}")
        stack.rest.make("roles/", name=names[role], permissions=permissions)
    # The last, since owners give the repository another remote.
    return {**names, "owner": "cargo.cargorepository_owner"}


@pytest.mark.parametrize("form", ["sync", "cache", "list"])
def test_each_way_in_takes_the_right_to_modify(
    stack: Stack, roles: dict[str | None, str], form: str
) -> None:
    """The remote, too, belongs to somebody who may perhaps not modify what it fills.

    Who may not even view a repository gets a 400 for a reference to it, as for one to nothing.
    """
    filled = filled_by(stack.rest, form)
    for role in (None, *roles):
        user = stack.rest.new_user()
        for remote in (filled.remote, filled.other):
            stack.rest.grant(user, "cargo.cargoremote_owner", remote)
        if role is not None:
            stack.rest.grant(user, roles[role], filled.repository)
        for way, allowed in WAYS.items():
            if form != "sync" and way in ("sync", "remote of the repository"):
                continue
            found = filled.send(user, way)
            refusals = (400, 403, 404) if role is None else (403, 404)
            assert (found not in refusals) is (role in allowed), (role, way, found)
    # Pulp keeps what it has received, also if it is refused.
    remove_orphan(stack, NO_CRATE)


def filled_by(rest: Rest, form: str) -> Filled:
    """Return a repository that a remote fills in this form, and another remote."""
    closed = "sparse+http://127.0.0.1:1/"
    remote, other = (
        rest.need("remotes/cargo/cargo/", name=unique("theirs"), url=closed, max_retries=0)
        for _ in range(2)
    )
    own = {"remote": remote["pulp_href"]} if form == "sync" else {}
    repository = rest.need("repositories/cargo/cargo/", name=unique("vault"), **own)["pulp_href"]
    entry = {"repository": repository, "remote": remote["pulp_href"]}
    fields: dict[str, Any] = {"repository": repository, "allow_uploads": True}
    if form != "sync":
        fields = entry if form == "cache" else {"upstreams": [{"name": "one", **entry}]}
    name = unique("filled")
    rest.need(DISTRIBUTIONS, name=name, base_path=name, **fields)
    return Filled(repository, remote["pulp_href"], other["pulp_href"])


@pytest.mark.parametrize("sees", [False, True])
def test_url_of_a_remote_is_no_door_into_a_repository(stack: Stack, sees: bool) -> None:
    """The owner of the remote is told why, and of which repository only if they may view it."""
    filled = filled_by(stack.rest, "cache")
    name = stack.rest.get(filled.repository)["name"]
    user = stack.rest.new_user("cargo.cargoremote_owner", on=filled.remote)
    if sees:
        stack.rest.grant(user, "cargo.cargorepository_viewer", filled.repository)
    before = stack.rest.get(filled.remote)["url"]
    answer = user.session.patch(user.url(filled.remote), json={"url": THEIRS}, timeout=60)
    assert answer.status_code == 403
    assert (name in answer.text) is sees
    assert "to change the server for them, you need the right to modify it" in answer.text
    assert stack.rest.get(filled.remote)["url"] == before
    stack.rest.grant(user, "cargo.cargorepository_publisher", filled.repository)
    user.patch(filled.remote, url=THEIRS)
    assert stack.rest.get(filled.remote)["url"] == THEIRS
