"""`distributions/cargo/cargo/`: registries as cargo sees them."""

from itertools import permutations
from typing import Any

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

DISTRIBUTIONS = "distributions/cargo/cargo/"


@pytest.fixture(scope="module")
def remote(rest: Rest) -> str:
    """The href of a remote."""
    url = "sparse+https://crates.example.org/"
    return rest.need("remotes/cargo/cargo/", name=unique("up"), url=url)["pulp_href"]


def make(rest: Rest, **fields: Any) -> dict[str, Any]:
    """Make a distribution under a fresh name."""
    name = unique("registry")
    return rest.make(DISTRIBUTIONS, **{"name": name, "base_path": name} | fields)


def test_create_read_change_delete(rest: Rest, registry: dict[str, Any]) -> None:
    """A registry is closed for uploads and open to readers unless one says so."""
    assert (registry["allow_uploads"], registry["auth_required"]) == (False, False)
    rest.patch(registry["pulp_href"], allow_uploads=True, auth_required=True)
    read = rest.list(DISTRIBUTIONS, base_path=registry["base_path"])[0]
    assert (read["allow_uploads"], read["auth_required"]) == (True, True)
    rest.delete(registry["pulp_href"])
    assert rest.list(DISTRIBUTIONS, name=registry["name"]) == []


def test_base_url_is_what_cargo_needs(rest: Rest) -> None:
    """It begins with `sparse+` and ends in a slash, for base paths with slashes too."""
    path = f"{unique('team')}/stable"
    base_url = make(rest, base_path=path)["base_url"]
    assert base_url.startswith(("sparse+http://", "sparse+https://"))
    assert base_url.endswith(f"/pulp/cargo/{path}/")


@pytest.mark.parametrize("order", list(permutations(["allow_uploads", "remote"])))
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_uploads_and_a_remote_exclude_each_other(
    rest: Rest, registry: dict[str, Any], remote: str, order: tuple[str, str], method: str
) -> None:
    """Whichever is set first, the second is refused."""
    values = {"allow_uploads": True, "remote": remote}
    rest.set(registry["pulp_href"], **{order[0]: values[order[0]]})
    fields = {order[1]: values[order[1]]}
    if method == "PUT":
        fields |= {"name": registry["name"], "base_path": registry["base_path"]}
        fields |= {order[0]: values[order[0]]} if order[0] == "allow_uploads" else {}
    with pytest.raises(Refused, match="two distributions") as refused:
        rest.call(method, registry["pulp_href"], json=fields)
    assert refused.value.status == 400


def test_uploads_need_a_place_to_go(rest: Rest, repository: dict[str, Any], remote: str) -> None:
    """They are refused with a remote, with a pinned version and with nothing at all."""
    version = repository["latest_version_href"]
    href = repository["pulp_href"]
    for fields, reason in (
        ({"remote": remote, "repository": href}, "two distributions"),
        ({"repository_version": version}, "repository_version"),
        ({}, "without a `repository`"),
    ):
        with pytest.raises(Refused, match=reason) as refused:
            make(rest, allow_uploads=True, **fields)
        assert refused.value.status == 400


def test_an_open_registry_keeps_its_repository(
    rest: Rest, registry: dict[str, Any], repository: dict[str, Any]
) -> None:
    """Neither taking the repository away nor pinning a version leaves uploads on."""
    rest.set(registry["pulp_href"], allow_uploads=True)
    version = repository["latest_version_href"]
    pinned = {"repository": None, "repository_version": version}
    for fields, reason in (
        ({"repository": None}, "without a `repository` cannot have `allow_uploads`"),
        (pinned, "serves one `repository_version` cannot have `allow_uploads`"),
    ):
        with pytest.raises(Refused, match=reason) as refused:
            rest.patch(registry["pulp_href"], **fields)
        assert refused.value.status == 400
    rest.patch(registry["pulp_href"], **pinned, allow_uploads=False)
    assert rest.get(registry["pulp_href"])["repository_version"] == version


def test_only_crates_are_served(rest: Rest) -> None:
    """A repository of another kind is refused, and so is a version of one."""
    keyring = rest.make("repositories/core/openpgp_keyring/", name=unique("keys"))
    for fields, reason in (
        ({"repository": keyring["pulp_href"]}, '"repository".*Incorrect URL match'),
        ({"repository_version": keyring["latest_version_href"]}, "No URL match"),
    ):
        with pytest.raises(Refused, match=reason) as refused:
            make(rest, **fields)
        assert refused.value.status == 400


def test_opening_for_uploads_takes_the_right_to_modify(
    rest: Rest, repository: dict[str, Any]
) -> None:
    """Seeing a repository is enough to serve it, but not to let people write into it."""
    user = rest.new_user("cargo.cargodistribution_creator")
    href = repository["pulp_href"]
    rest.grant(user, "cargo.cargorepository_viewer", href)
    with pytest.raises(Refused) as refused:
        make(user, repository=href, allow_uploads=True)
    assert refused.value.status == 403
    closed = make(user, repository=href)
    with pytest.raises(Refused) as refused:
        user.patch(closed["pulp_href"], allow_uploads=True)
    assert refused.value.status == 403
    rest.grant(user, "cargo.cargorepository_owner", href)
    user.patch(closed["pulp_href"], allow_uploads=True)
    assert user.get(closed["pulp_href"])["allow_uploads"] is True


def test_roles_of_a_registry(rest: Rest, registry: dict[str, Any]) -> None:
    """Readers and publishers see the registry; what they may do there is in their role."""
    href = registry["pulp_href"]
    for role, verbs in (
        ("reader", {"view", "read"}),
        ("publisher", {"view", "read", "publish", "yank", "change_owners"}),
    ):
        user = rest.new_user(f"cargo.cargodistribution_{role}", on=registry["prn"])
        held = user.get(f"{href}my_permissions/")["permissions"]
        assert set(held) == {f"cargo.{verb}_cargodistribution" for verb in verbs}
        with pytest.raises(Refused) as refused:
            user.patch(href, auth_required=True)
        assert refused.value.status == 403


def test_distributions_are_found_by_a_unit_that_they_serve(stack: Stack) -> None:
    """By the newest version of a repository or a fixed one; not by what was removed before it."""
    name = unique("c")
    newest, removed, other = (stack.make_registry() for _ in range(3))
    newest.publish(Crate(name))
    (unit,) = {one["pulp_href"] for one in stack.rest.list("content/cargo/crates/", name=name)}
    stack.rest.post(f"{removed.repository}modify/", add_content_units=[unit])
    other.publish(Crate(f"{name}-other"))
    fixed, _ = (
        stack.rest.need(
            DISTRIBUTIONS,
            name=unique("f"),
            base_path=unique("f"),
            repository_version=f"{removed.repository}versions/{number}/",
        )
        for number in (1, 0)
    )
    stack.rest.post(f"{removed.repository}modify/", remove_content_units=[unit])
    found = {one["pulp_href"] for one in stack.rest.list(DISTRIBUTIONS, with_content=unit)}
    assert found == {newest.href, fixed["pulp_href"]}
