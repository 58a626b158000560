"""What `upstream-pulp replicate` leaves alone, and to whom it gives no password."""

import pytest

from pulp_cargo.tests.functional.copies.replication import (
    REMOTES,
    copied,
    names,
    replicate,
    upstream_at,
)
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, REPOSITORIES, Stack


def open_registry(second: Stack, *, name: str, base_path: str, repository: str) -> Registry:
    """Make a registry in the second Pulp that takes uploads, with names of its parts as wanted."""
    href = second.rest.make(REPOSITORIES, name=repository)["pulp_href"]
    wanted = {"name": name, "base_path": base_path, "allow_uploads": True}
    made = second.rest.make(DISTRIBUTIONS, repository=href, **wanted)
    return Registry(name, made["base_url"], second.ready["token"], made["pulp_href"], href)


@pytest.mark.parametrize(
    ("same", "policy"),
    [("name", "labeled"), ("name", "all"), ("base_path", "all"), ("repository", "all")],
)
def test_registry_that_takes_uploads_is_left_alone(
    stack: Stack, second: Stack, label: str, name: str, same: str, policy: str
) -> None:
    """It serves and takes crates as before, and the others are replicated."""
    clashing, other = (stack.make_registry(pulp_labels={label: ""}) for _ in range(2))
    for registry in (clashing, other):
        registry.publish(Crate(name, "9.0.0"))
    parts = {key: unique("own") for key in ("name", "base_path", "repository")}
    own = open_registry(second, **(parts | {same: clashing.name}))
    own.publish(Crate(name, "1.0.0"))
    before = second.rest.get(own.href)
    replicate(second.rest, upstream_at(stack.ready["api_url"], stack, second, label, policy=policy))
    assert second.rest.get(own.href) == before
    warning = f"distribution `{clashing.name}` is not replicated: `{own.name}` accepts uploads here"
    assert warning in (second.data_dir / "logs" / "worker.log").read_text()
    own.publish(Crate(name, "1.1.0"))
    assert [entry["vers"] for entry in own.index(name)] == ["1.0.0", "1.1.0"]
    assert clashing.name not in names(second, REMOTES)
    assert copied(second, other).index_file(name).body == other.index_file(name).body


def test_list_of_upstreams_is_left_alone(
    stack: Stack, second: Stack, label: str, name: str
) -> None:
    """Neither is one copied, nor does a copy take the place of one, nor loses one what it has."""
    plain, listed, going = (stack.make_registry(pulp_labels={label: ""}) for _ in range(3))
    for registry in (plain, going):
        registry.publish(Crate(name))
    entries = [{"name": "ours", "repository": listed.repository}]
    stack.rest.patch(listed.href, upstreams=entries)
    upstream = upstream_at(stack.ready["api_url"], stack, second, label)
    here = second.rest.make(REPOSITORIES, name=unique("own"))["pulp_href"]
    fields = {"name": plain.name, "base_path": plain.name}
    own = second.rest.make(
        DISTRIBUTIONS, upstreams=[{"name": "ours", "repository": here}], **fields
    )
    replicate(second.rest, upstream)
    assert second.rest.get(own["pulp_href"]) == own
    assert not {plain.name, listed.name} & names(second, REMOTES)
    (copy,) = second.rest.list(REPOSITORIES, name=going.name)
    entries = [{"name": "copy", "repository": copy["pulp_href"], "private": False}]
    second.rest.patch(own["pulp_href"], upstreams=entries)
    stack.rest.delete(going.href)
    replicate(second.rest, upstream)
    assert second.rest.list(REPOSITORIES, name=going.name)
    log = (second.data_dir / "logs" / "worker.log").read_text()
    assert f"`{listed.name}` is not replicated: it is a list of upstreams" in log
    assert f"`{plain.name}` is not replicated: `{plain.name}` is a list of upstreams here" in log


def test_password_goes_to_no_other_address_than_the_api(
    stack: Stack, second: Stack, upstream_pulp: str, label: str, name: str
) -> None:
    """What an administrator gives to the remote instead is kept."""
    private = stack.make_registry(auth_required=True, pulp_labels={label: ""})
    private.publish(Crate(name))
    with pytest.raises(Refused, match="401: the remote needs the `username` and `password`"):
        replicate(second.rest, upstream_pulp)
    (remote,) = second.rest.list(REMOTES, name=private.name)
    assert given(remote) == {"username": False, "password": False}
    second.rest.patch(remote["pulp_href"], username="any", password=private.token)
    for _ in range(2):
        replicate(second.rest, upstream_pulp)
        copy = copied(second, private)
        assert copy.index(name, token=copy.token)
        assert given(second.rest.get(remote["pulp_href"])) == {"username": True, "password": True}


def test_password_is_taken_back_when_the_registry_moves(
    stack: Stack, second: Stack, origin: str, label: str, name: str
) -> None:
    """The upstream may name any address as that of its registries from one day to the next."""
    private = stack.make_registry(auth_required=True, pulp_labels={label: ""})
    private.publish(Crate(name))
    replicate(second.rest, upstream_at(origin, stack, second, label, policy="nodelete"))
    (remote,) = second.rest.list(REMOTES, name=private.name)
    assert given(remote) == {"username": True, "password": True}
    moved = upstream_at(stack.ready["api_url"], stack, second, label, policy="nodelete")
    with pytest.raises(Refused, match="401: the remote needs the `username` and `password`"):
        replicate(second.rest, moved)
    assert given(second.rest.get(remote["pulp_href"])) == {"username": False, "password": False}


def test_public_registry_needs_no_password_and_gets_none(
    stack: Stack, second: Stack, origin: str, label: str
) -> None:
    """Who may change a remote could send what it holds elsewhere."""
    public = stack.make_registry(pulp_labels={label: ""})
    replicate(second.rest, upstream_at(origin, stack, second, label))
    (remote,) = second.rest.list(REMOTES, name=public.name)
    assert given(remote) == {"username": False, "password": False}


def test_number_of_kept_versions_is_the_administrators(
    stack: Stack, second: Stack, origin: str, label: str
) -> None:
    """It is the setting's at first, and then whatever somebody makes of it."""
    registry = stack.make_registry(pulp_labels={label: ""})
    upstream = upstream_at(origin, stack, second, label)
    replicate(second.rest, upstream)
    (copy,) = second.rest.list(REPOSITORIES, name=registry.name)
    assert copy["retain_repo_versions"] == 100
    second.rest.patch(copy["pulp_href"], retain_repo_versions=20)
    replicate(second.rest, upstream)
    assert second.rest.get(copy["pulp_href"])["retain_repo_versions"] == 20


def given(remote: dict[str, object]) -> dict[str, bool]:
    """Tell which credentials a remote has."""
    hidden = remote["hidden_fields"]
    assert isinstance(hidden, list)
    return {
        field["name"]: field["is_set"]
        for field in hidden
        if field["name"] in ("username", "password")
    }
