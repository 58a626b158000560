"""`cargo/tokens/`: secrets by which cargo acts for a user."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

TOKENS = "cargo/tokens/"


def test_secret_is_shown_once(rest: Rest) -> None:
    """Only the answer that makes a token holds the secret, and none holds its hash."""
    made = rest.make(TOKENS, name=unique("ci"))
    assert made["token"].startswith("pulp_cargo_")
    shown = [rest.get(made["pulp_href"]), *rest.list(TOKENS, name=made["name"])]
    assert [one["pulp_href"] for one in shown] == [made["pulp_href"]] * 2
    for one in shown:
        assert "token" not in one
        assert made["token"] not in str(one)
    assert "hash" not in str([made, *shown])


def test_defaults(rest: Rest) -> None:
    """A token is for oneself, for every crate, for all but changing owners, and for ever."""
    made = rest.make(TOKENS, name=unique("ci"))
    expected = {
        "user": "admin",
        "scopes": ["read", "publish-new", "publish-update", "yank"],
        "crate_patterns": [],
        "distribution": None,
        "expires_at": None,
        "last_used": None,
    }
    assert {key: made[key] for key in expected} == expected


def test_limits_are_kept(rest: Rest, registry: dict[str, Any]) -> None:
    """Scopes, patterns, distribution and end are stored, each value once."""
    end = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    made = rest.make(
        TOKENS,
        name=unique("ci"),
        scopes=["yank", "read", "yank"],
        crate_patterns=["acme-*", "acme-*", "leaf"],
        distribution=registry["prn"],
        expires_at=end,
    )
    assert made["scopes"] == ["yank", "read"]
    assert made["crate_patterns"] == ["acme-*", "leaf"]
    assert made["distribution"] == registry["pulp_href"]
    assert datetime.fromisoformat(made["expires_at"]) == datetime.fromisoformat(end)
    for given in (registry["pulp_href"], registry["prn"]):
        assert [one["name"] for one in rest.list(TOKENS, distribution=given)] == [made["name"]]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"scopes": ["write"]}, "write"),
        ({"scopes": []}, "empty"),
        ({"crate_patterns": ["*-sys"]}, r"\*-sys"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "future"),
        ({"user": "nobody-at-all"}, "nobody-at-all"),
        ({"token_hash": "00"}, "Unexpected field"),
        ({"token": "mine"}, "Unexpected field"),
        ({"name": ""}, "blank"),
        ({"distribution": "no-such-registry"}, "does not exist"),
        ({"distribution": ""}, "distribution"),
        ({"distribution": 1}, "distribution"),
        (
            {"distribution": "prn:cargo.cargodistribution:00000000-0000-0000-0000-000000000000"},
            "does not exist",
        ),
        (
            {"distribution": "prn:cargo.cargorepository:00000000-0000-0000-0000-000000000000"},
            "does not exist",
        ),
    ],
)
def test_bad_fields_are_refused(rest: Rest, fields: dict[str, Any], reason: str) -> None:
    """Each answer is a 400 that names the value or the rule."""
    with pytest.raises(Refused, match=reason) as refused:
        rest.make(TOKENS, **{"name": unique("ci")} | fields)
    assert refused.value.status == 400


def test_distribution_can_be_named(rest: Rest, registry: dict[str, Any]) -> None:
    """A script knows its name, and not its href; names that a user may not see are no names."""
    made = rest.make(TOKENS, name=unique("ci"), distribution=registry["name"])
    assert made["distribution"] == registry["pulp_href"]
    stranger = rest.new_user()
    with pytest.raises(Refused, match="does not exist") as refused:
        stranger.make(TOKENS, name=unique("ci"), distribution=registry["name"])
    assert refused.value.status == 400
    role = {"role": "cargo.cargodistribution_reader", "users": [(stranger.auth or ("",))[0]]}
    rest.post(f"{registry['pulp_href']}add_role/", **role)
    made = stranger.make(TOKENS, name=unique("ci"), distribution=registry["name"])
    assert made["distribution"] == registry["pulp_href"]


def test_registry_takes_three_requests(stack: Stack, rest: Rest, name: str) -> None:
    """A repository, a distribution and a token, as the reference says; then cargo can publish."""
    team = unique("team")
    repository = rest.session.post(rest.url("repositories/cargo/cargo/"), json={"name": team})
    assert repository.status_code == 201
    wanted = {"name": team, "base_path": team, "allow_uploads": True}
    registry = rest.session.post(
        rest.url("distributions/cargo/cargo/"),
        json={**wanted, "repository": repository.json()["pulp_href"]},
    )
    assert registry.status_code == 202
    made = rest.wait_task(registry.json()["task"])["result"]
    assert made["base_url"] == f"sparse+{stack.content_url}/pulp/cargo/{team}/"
    token = rest.session.post(rest.url(TOKENS), json={"name": team, "distribution": team})
    assert token.status_code == 201
    Registry(team, made["base_url"], token.json()["token"]).publish(Crate(name))


def test_name_is_unique_for_its_user(rest: Rest) -> None:
    """A second token of the same name is refused, but another user may have one."""
    name = unique("ci")
    rest.make(TOKENS, name=name)
    with pytest.raises(Refused, match="already has a token with this name") as refused:
        rest.make(TOKENS, name=name)
    assert refused.value.status == 400
    assert rest.new_user().make(TOKENS, name=name)["name"] == name


def test_everybody_has_their_own(rest: Rest) -> None:
    """Users make, see and revoke their own tokens, and nobody else's; an administrator all."""
    ann, bob = rest.new_user(), rest.new_user()
    token = ann.make(TOKENS, name="ci")
    assert [one["pulp_href"] for one in ann.list(TOKENS)] == [token["pulp_href"]]
    assert bob.list(TOKENS) == []
    for call in (bob.get, bob.delete):
        with pytest.raises(Refused) as refused:
            call(token["pulp_href"])
        assert refused.value.status == 404
    assert [one["name"] for one in rest.list(TOKENS, user=ann.auth[0])] == ["ci"]
    ann.delete(token["pulp_href"])
    assert ann.list(TOKENS) == rest.list(TOKENS, user=ann.auth[0]) == []


def test_a_viewer_of_tokens_cannot_revoke(rest: Rest) -> None:
    """Seeing all tokens is a role of its own."""
    token = rest.new_user().make(TOKENS, name="ci")
    viewer = rest.new_user("cargo.cargotoken_viewer")
    assert viewer.get(token["pulp_href"])["name"] == "ci"
    with pytest.raises(Refused) as refused:
        viewer.delete(token["pulp_href"])
    assert refused.value.status == 403


def test_token_for_somebody_else(rest: Rest) -> None:
    """An administrator makes tokens for others, who own them; nobody else does."""
    ann, bob = rest.new_user(), rest.new_user()
    for name in (ann.auth[0], "admin"):
        with pytest.raises(Refused, match="administrator") as refused:
            bob.make(TOKENS, name="ci", user=name)
        assert refused.value.status == 400
    token = rest.make(TOKENS, name="ci", user=ann.auth[0])
    assert token["user"] == ann.auth[0]
    ann.delete(token["pulp_href"])


def test_nobody_without_a_name(rest: Rest) -> None:
    """Without credentials there is nothing to see."""
    with pytest.raises(Refused) as refused:
        Rest(rest.origin, None).list(TOKENS)
    assert refused.value.status == 401


def test_nobody_learns_which_users_there_are(rest: Rest) -> None:
    """A name that is taken and one that is not are refused in the same words."""
    asker, other = rest.new_user(), rest.new_user()
    assert other.auth
    sentences = set()
    for username in (other.auth[0], unique("nobody")):
        with pytest.raises(Refused) as refused:
            asker.make("cargo/tokens/", name=unique("t"), user=username)
        assert refused.value.status == 400
        sentences.add(refused.value.text.replace(username, "NAME"))
    assert len(sentences) == 1
    with pytest.raises(Refused, match="does not exist"):
        rest.make("cargo/tokens/", name=unique("t"), user=unique("nobody"))
