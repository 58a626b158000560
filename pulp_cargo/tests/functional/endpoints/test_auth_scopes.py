"""What a token is good for: scopes, crate patterns, its distribution, its user's roles."""

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry, reads
from pulp_cargo.tests.support.stack import Stack


@pytest.mark.parametrize(
    "scope", ["read", "publish-new", "publish-update", "yank", "change-owners"]
)
def test_scope_allows_just_its_own(stack: Stack, private: Registry, name: str, scope: str):
    """A scoped token is refused everything else, with the scope in the sentence [115, 116]."""
    token = stack.make_token(scopes=[scope])
    private.publish(Crate(name))
    attempts = {
        "publish-new": private.send(Crate(f"{name}-new"), token=token),
        "publish-update": private.send(Crate(name, "2.0.0"), token=token),
        "yank": private.yank(name, token=token),
        "read": private.index_file(name, token=token),
    }
    for needed, answer in attempts.items():
        if needed == scope:
            assert answer.status == 200, answer
        elif needed == "read":
            assert answer.status == 401, answer
        else:
            assert (answer.status, needed in answer.detail) == (403, True), answer


def test_crate_patterns(stack: Stack, registry: Registry, name: str):
    """Names, and beginnings of names with a star; spellings do not matter [115]."""
    token = stack.make_token(crate_patterns=[f"{name}-core", f"{name}-x-*"])
    allowed = [f"{name}-core", f"{name}-x-a", f"{name}_x_b"]
    refused = [f"{name}-core2", name, f"{name}-x", f"{name}-y-a"]
    assert [registry.send(Crate(one), token=token).status for one in allowed] == [200] * 3
    for one in refused:
        answer = registry.send(Crate(one), token=token)
        assert (answer.status, f"`{one}`" in answer.detail) == (403, True)
    registry.publish(Crate(f"{name}-y-a"))
    assert registry.yank(f"{name}-y-a", token=token).status == 403
    assert registry.yank(allowed[0], token=token).status == 200


def test_refused_publish_stores_nothing(
    stack: Stack, registry: Registry, nothing: NothingStored, name: str
):
    """Neither for a bad token nor for a missing scope [114, 116]."""
    reader = stack.make_token(scopes=["read"])
    new_only = stack.make_token(scopes=["publish-new"])
    registry.publish(Crate(name))
    with nothing(registry, name):
        for token, status in (("nonsense", 401), (reader, 403), (new_only, 403)):
            answer = registry.send(Crate(name, "2.0.0"), token=token)
            assert answer.status == status
            assert answer.detail


def test_token_of_one_distribution_is_for_no_other(
    stack: Stack, private: Registry, registry: Registry
):
    """It is as if it did not exist [114, 117]."""
    token = stack.make_token(distribution=private.href)
    assert private.index_file("secret", token=token).status == 200
    assert registry.send(Crate("anything", "1.0.0"), token=token).status == 401


def test_private_registries_do_not_know_each_other(stack: Stack, private: Registry):
    """What is in one cannot be read, or told from what is nowhere, through another [117]."""
    other = stack.make_registry(auth_required=True)
    token = stack.make_token(distribution=other.href)
    told = {answer.status for answer in reads(private, token)}
    assert told == {401}
    assert other.index_file("secret", token=token).status == 404
    assert other.download("secret", token=token).status == 404
    known, unknown = (private.index_file(one).body for one in ("secret", "unknown"))
    assert known == unknown


def test_user_without_a_role_gets_no_more_by_a_token(stack: Stack, private: Registry, name: str):
    """A token can do only what its user could; a role on the registry lets the user in [115]."""
    user = stack.rest.make("users/", username=name, password=f"{name}-pw-1")
    token = stack.make_token(user=name)
    assert private.index_file("secret", token=token).status == 401
    assert private.send(Crate(name), token=token).status == 403
    role = "cargo.cargodistribution_publisher"
    stack.rest.post(f"{private.href}add_role/", users=[name], role=role)
    assert private.index_file("secret", token=token).status == 200
    assert private.send(Crate(name), token=token).status == 200
    stack.rest.delete(user["pulp_href"])
    assert private.index_file("secret", token=token).status == 401


def test_content_guard_is_401_for_those_it_does_not_let_in(stack: Stack, name: str):
    """A guard of Pulp's is asked with the user of the token, and refuses as cargo needs it [112]."""
    guard = stack.rest.make("contentguards/core/rbac/", name=name)
    guarded = stack.make_registry(content_guard=guard["pulp_href"])
    guarded.publish(Crate("secret"))
    stack.rest.make("users/", username=name, password=f"{name}-pw-1")
    token = stack.make_token(user=name)
    for header in (None, "nonsense", token):
        for answer in reads(guarded, header):
            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith("Cargo login_url=")
    role = "core.rbaccontentguard_downloader"
    stack.rest.post(f"{guard['pulp_href']}add_role/", users=[name], role=role)
    config, line, unknown, file, _ = reads(guarded, token)
    assert config.json()["auth-required"] is True
    assert (line.status, unknown.status, file.status) == (200, 404, 200)
    only_yank = stack.make_token(user=name, scopes=["yank"])
    assert {answer.status for answer in reads(guarded, only_yank)} == {401}
