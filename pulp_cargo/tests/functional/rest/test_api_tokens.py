"""Tokens in Pulp's REST API: what the scope `api` allows, and what it does not."""

from typing import Any

import pytest
import requests

from pulp_cargo.tests.functional.rest.world import World, path_of
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

REPOSITORIES = "repositories/cargo/cargo/"
TOKENS = "cargo/tokens/"
ALL = ["api", "read", "publish-new", "publish-update", "yank", "change-owners"]


def token_api(rest: Rest, *scopes: str, **fields: Any) -> Rest:
    """Return the REST API for a new token of a user."""
    token = rest.make(TOKENS, name=unique("api"), scopes=list(scopes), **fields)
    return with_token(rest.origin, token["token"])


def with_token(origin: str, secret: str) -> Rest:
    """Return the REST API with a token instead of a session."""
    api = Rest(origin, None)
    api.session.headers["Authorization"] = f"Bearer {secret}"
    return api


def status(api: Rest, method: str, path: str, **fields: Any) -> int:
    """Return the status of a refusal."""
    with pytest.raises(Refused) as refused:
        api.call(method, path, json=fields)
    assert refused.value.status is not None
    return refused.value.status


def test_token_manages_registries_as_its_user_may(rest: Rest) -> None:
    """From the repository to the task that makes the distribution, with nothing but the token."""
    api = token_api(rest, *ALL)
    name = unique("made")
    repository = api.make(REPOSITORIES, name=name)
    made = api.make(
        "distributions/cargo/cargo/", name=name, base_path=name, repository=repository["pulp_href"]
    )
    assert api.list("distributions/cargo/cargo/", name=name)[0]["prn"] == made["prn"]
    api.delete(made["pulp_href"])
    api.delete(repository["pulp_href"])


def test_token_has_no_more_rights_than_its_user(rest: Rest, registry: dict[str, Any]) -> None:
    """Whatever its scopes are."""
    api = token_api(rest.new_user(), *ALL)
    assert api.list(REPOSITORIES) == []
    assert status(api, "POST", REPOSITORIES, name=unique("x")) == 403
    assert status(api, "DELETE", registry["pulp_href"]) == 404


def test_scopes_are_as_narrow_as_in_a_registry(stack: Stack, rest: Rest) -> None:
    """Who reads does not yank, who yanks does not publish, and none of it goes without `api`."""
    made: Registry = stack.make_registry()
    made.publish(Crate("leaf"))
    yank = {"name": "leaf", "vers": "1.0.0"}
    reader = token_api(rest, "api", "read")
    assert reader.get(made.repository)["name"] == made.name
    with pytest.raises(Refused, match="lacks the scope `yank`"):
        reader.post(f"{made.repository}yank/", **yank)
    yanker = token_api(rest, "api", "yank")
    yanker.post(f"{made.repository}yank/", **yank)
    assert made.entry("leaf", "1.0.0")["yanked"] is True
    assert status(yanker, "GET", made.repository) == 403
    assert status(yanker, "POST", f"{made.repository}modify/") == 403
    with pytest.raises(Refused, match="lacks the scope `api`"):
        token_api(rest, "read", "yank").get(made.repository)


def test_nothing_is_read_without_the_scope(
    rest: Rest, document: dict[str, Any], world: World
) -> None:
    """Neither lists and objects, nor what a report says of them; tasks have no other scope."""
    api = token_api(rest, *(scope for scope in ALL if scope != "read"))
    refused = set()
    for call in world.calls():
        path = path_of(document, rest.url(call.href).removeprefix(rest.origin))
        if call.method == "get" and not path.startswith("/pulp/api/v3/tasks/"):
            answer = api.session.get(api.url(call.href), timeout=60, **call.sent)
            assert answer.status_code == 403, (path, answer.text)
            refused.add(path)
    assert len(refused) > 30


def test_token_leads_to_no_wider_one(rest: Rest, registry: dict[str, Any]) -> None:
    """Not to other tokens, roles or users, even for administrators."""
    api = token_api(rest, *ALL)
    role = {"role": "cargo.cargodistribution_owner", "users": ["admin"]}
    for method, path, fields in (
        ("GET", TOKENS, {}),
        ("POST", TOKENS, {"name": "wider"}),
        ("POST", f"{registry['pulp_href']}add_role/", role),
        ("GET", "users/", {}),
        ("POST", "users/", {"username": unique("new"), "password": "a-long-password"}),
        ("GET", "repositories/", {}),
    ):
        assert status(api, method, path, **fields) == 403, path
    assert status(api, "POST", "login/") in (401, 403)


def test_limited_token_is_not_for_the_rest_api(rest: Rest, registry: dict[str, Any]) -> None:
    """Its requests there are not limited to crates or to a registry."""
    for limit in ({"crate_patterns": ["acme-*"]}, {"distribution": registry["prn"]}):
        with pytest.raises(Refused, match="cannot be limited to certain crates") as refused:
            rest.make(TOKENS, name=unique("ci"), scopes=["api"], **limit)
        assert refused.value.status == 400


def test_revoked_and_inactive_are_refused_at_once(rest: Rest) -> None:
    """As are tokens that never were."""
    user = rest.new_user()
    token = user.make(TOKENS, name="ci", scopes=["api", "read"])
    api = with_token(rest.origin, token["token"])
    assert api.list(REPOSITORIES) == []
    (found,) = rest.list("users/", username=user.auth[0] if user.auth else "")
    rest.patch(found["pulp_href"], is_active=False)
    assert status(api, "GET", REPOSITORIES) == 401
    rest.patch(found["pulp_href"], is_active=True)
    assert api.list(REPOSITORIES) == []
    rest.delete(token["pulp_href"])
    assert status(api, "GET", REPOSITORIES) == 401
    never = with_token(rest.origin, "pulp_cargo_" + "x" * 40)
    assert status(never, "GET", REPOSITORIES) == 401


def test_pages_for_everybody_stay_so(rest: Rest) -> None:
    """The command line sends its token with every request."""
    api = token_api(rest, "api", "read")
    assert api.get("status/")["versions"]
    assert api.session.get(api.url("docs/api.json"), timeout=60).status_code == 200


def test_bearer_tokens_of_others_are_left_alone(rest: Rest) -> None:
    """They are unknown here, and no error of ours."""
    answer = requests.get(
        rest.url(REPOSITORIES), headers={"Authorization": "Bearer eyJhbGciOi"}, timeout=60
    )
    assert answer.status_code == 401
    assert "not provided" in answer.text


def test_use_is_noted(rest: Rest) -> None:
    """As in registries."""
    token = rest.make(TOKENS, name=unique("ci"), scopes=["api", "read"])
    assert rest.get(token["pulp_href"])["last_used"] is None
    with_token(rest.origin, token["token"]).list(REPOSITORIES)
    assert rest.get(token["pulp_href"])["last_used"] is not None
