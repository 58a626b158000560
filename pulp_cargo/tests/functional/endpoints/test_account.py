"""A user's account and tokens in the web API, in the form of crates.io's."""

import base64
import json
from typing import Any

import pytest

from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.rest import Rest
from pulp_cargo.tests.support.stack import Stack

TOKENS = "cargo/tokens/"
READER = "cargo.cargodistribution_reader"


def basic(person: Rest) -> str:
    """The header of a user with their password."""
    assert person.auth is not None
    return f"Basic {base64.b64encode(':'.join(person.auth).encode()).decode()}"


def put(registry: Registry, header: str, **fields: Any) -> Answer:
    """Ask for a token."""
    body = json.dumps({"api_token": {"name": "ci", **fields}}).encode()
    return registry.api("PUT", "me/tokens", body, token=header)


@pytest.fixture
def person(stack: Stack) -> Rest:
    """A new user."""
    return stack.rest.new_user()


def test_account_is_that_of_the_credentials(stack: Stack, registry: Registry, person: Rest) -> None:
    """With a password and with a token; there is no mail address in it."""
    token = put(registry, basic(person)).json()["api_token"]["token"]
    for header in (basic(person), token, f"Bearer {token}"):
        answer = registry.api("GET", "me", token=header)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        user = answer.json()["user"]
        assert user.pop("id") > 0
        assert user == {
            "login": person.auth and person.auth[0],
            "name": None,
            "email": None,
            "email_verified": False,
            "email_verification_sent": False,
            "avatar": None,
            "url": None,
            "is_admin": False,
            "publish_notifications": False,
        }
    assert registry.api("GET", "me").json()["user"]["is_admin"] is True


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "me"),
        ("GET", "me/tokens"),
        ("PUT", "me/tokens"),
        ("GET", "me/tokens/1"),
        ("DELETE", "me/tokens/1"),
        ("DELETE", "tokens/current"),
    ],
)
def test_strangers_have_no_account(registry: Registry, method: str, path: str) -> None:
    """401 without credentials, and with wrong ones [114]."""
    wrong = f"Basic {base64.b64encode(b'admin:wrong').decode()}"
    for header in (None, "nonsense", wrong):
        answer = registry.api(method, path, token=header)
        assert answer.status == 401
        assert answer.detail
        assert answer.headers["www-authenticate"].startswith("Cargo login_url=")


def test_new_token_is_for_this_registry(stack: Stack, registry: Registry, person: Rest) -> None:
    """Its secret is in this answer alone; another registry does not know it."""
    answer = put(
        registry,
        basic(person),
        endpoint_scopes=["publish-update", "yank"],
        crate_scopes=["acme-*"],
        expired_at="2100-01-31T12:00:00Z",
    )
    assert answer.status == 200
    made = answer.json()["api_token"]
    secret, number = made.pop("token"), made.pop("id")
    assert 0 <= number < 2**53
    assert made.pop("created_at").endswith("Z")
    expected = {
        "name": "ci",
        "last_used_at": None,
        "crate_scopes": ["acme-*"],
        "endpoint_scopes": ["publish-update", "yank"],
        "expired_at": "2100-01-31T12:00:00Z",
    }
    assert made == {**expected, "revoked": False}
    (shown,) = registry.api("GET", "me/tokens", token=basic(person)).json()["api_tokens"]
    assert {key: shown[key] for key in expected} == expected and shown["id"] == number
    assert list(shown) == list(
        registry.api("GET", f"me/tokens/{number}", token=basic(person)).json()["api_token"]
    )
    assert "token" not in shown
    assert registry.api("GET", "me", token=secret).status == 200
    assert stack.make_registry().api("GET", "me", token=secret).status == 401
    (token,) = person.list(TOKENS)
    assert token["distribution"] == registry.href
    # The user owns it in the REST API, too.
    person.delete(token["pulp_href"])


def test_defaults_are_those_of_rest(registry: Registry, person: Rest) -> None:
    """Null is no limit to crates and time, and for scopes all but the change of owners."""
    made = put(registry, basic(person), endpoint_scopes=None, crate_scopes=None).json()["api_token"]
    assert made["endpoint_scopes"] == ["read", "publish-new", "publish-update", "yank"]
    assert (made["crate_scopes"], made["expired_at"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "is not JSON"),
        (b"[" * 10_000, "is not JSON"),
        (b"[]", 'is not `{"api_token"'),
        (b'{"api_token": null}', 'is not `{"api_token"'),
        (b'{"api_token": {}}', "`name` of the token must be a string"),
        (b'{"api_token": {"name": ""}}', "`name`: This field may not be blank."),
        (
            b'{"api_token": {"name": "\\u0000"}}',
            "`name`: the text has a NUL character, which PostgreSQL cannot store",
        ),
        (b'{"api_token": {"name": "a", "endpoint_scopes": "yank"}}', "must be a list of strings"),
        (b'{"api_token": {"name": "a", "endpoint_scopes": []}}', "`endpoint_scopes`: This list"),
        (
            b'{"api_token": {"name": "a", "endpoint_scopes": ["trusted-publishing"]}}',
            '`endpoint_scopes`: "trusted-publishing" is not a valid choice.',
        ),
        (b'{"api_token": {"name": "a", "crate_scopes": [1]}}', "must be a list of strings"),
        (
            b'{"api_token": {"name": "a", "crate_scopes": ["*-sys"]}}',
            "`crate_scopes`: the crate pattern '*-sys'",
        ),
        (b'{"api_token": {"name": "a", "expired_at": 1}}', "`expired_at` must be a time"),
        (b'{"api_token": {"name": "a", "expired_at": "x"}}', "`expired_at`: Datetime has wrong"),
        (
            b'{"api_token": {"name": "a", "expired_at": "2001-01-01T00:00:00Z"}}',
            "`expired_at`: This must be in the future.",
        ),
    ],
)
def test_bad_request_for_a_token(
    registry: Registry, person: Rest, body: bytes, sentence: str
) -> None:
    """400 with the reason, and no token."""
    answer = registry.api("PUT", "me/tokens", body, token=basic(person))
    assert answer.status == 400
    assert sentence in answer.detail
    assert person.list(TOKENS) == []


def test_large_request_for_a_token(registry: Registry, person: Rest) -> None:
    """413 above 64 KiB, whatever is in it."""
    answer = registry.api("PUT", "me/tokens", b" " * (64 * 1024 + 1), token=basic(person))
    assert answer.status == 413
    assert answer.detail == "a request for a token has at most 65,536 bytes"


def test_name_that_is_taken(registry: Registry, person: Rest) -> None:
    """A second token of the same name is refused."""
    assert put(registry, basic(person)).status == 200
    answer = put(registry, basic(person))
    assert answer.status == 400
    assert "already has a token with this name" in answer.detail


def test_token_cannot_lead_to_another(registry: Registry, person: Rest) -> None:
    """A token in the wrong hands must not become a wider one, nor show what else there is."""
    made = put(registry, basic(person)).json()["api_token"]
    pair = base64.b64encode(f"anybody:{made['token']}".encode()).decode()
    for header in (made["token"], f"Bearer {made['token']}", f"Basic {pair}"):
        for method, path in (
            ("GET", "me/tokens"),
            ("PUT", "me/tokens"),
            ("GET", f"me/tokens/{made['id']}"),
            ("DELETE", f"me/tokens/{made['id']}"),
        ):
            answer = registry.api(method, path, token=header)
            assert answer.status == 403
            assert "a token cannot be used to see, create or revoke tokens" in answer.detail
    assert len(person.list(TOKENS)) == 1


def test_token_revokes_itself(stack: Stack, person: Rest) -> None:
    """As a job does at its end, whatever the scopes are; a password has nothing to revoke."""
    private = stack.make_registry(auth_required=True)
    token = person.make(TOKENS, name="ci", scopes=["yank"])["token"]
    answer = private.api("DELETE", "tokens/current", token=token)
    assert (answer.status, answer.body) == (204, b"")
    assert private.api("DELETE", "tokens/current", token=token).status == 401
    assert person.list(TOKENS) == []
    answer = private.api("DELETE", "tokens/current", token=basic(person))
    assert answer.status == 400
    assert answer.detail == "this request has a password, not a token that could be revoked"


def test_token_is_revoked_by_its_number(registry: Registry, person: Rest) -> None:
    """It is refused at once; the second time there is no such token."""
    made = put(registry, basic(person)).json()["api_token"]
    path = f"me/tokens/{made['id']}"
    answer = registry.api("DELETE", path, token=basic(person))
    assert (answer.status, answer.json()) == (200, {})
    assert registry.api("GET", "me", token=made["token"]).status == 401
    answer = registry.api("DELETE", path, token=basic(person))
    assert answer.status == 404
    assert answer.detail == f"you have no token `{made['id']}` in this registry"


def test_other_tokens_are_not_there(stack: Stack, registry: Registry, person: Rest) -> None:
    """Neither those of others, nor one's own for another registry."""
    other = stack.rest.new_user()
    theirs = put(registry, basic(other)).json()["api_token"]["id"]
    elsewhere = put(stack.make_registry(), basic(person)).json()["api_token"]["id"]
    for number in (theirs, elsewhere):
        for method in ("GET", "DELETE"):
            assert registry.api(method, f"me/tokens/{number}", token=basic(person)).status == 404
    assert registry.api("GET", "me/tokens", token=basic(person)).json() == {"api_tokens": []}
    assert len(other.list(TOKENS)) == len(person.list(TOKENS)) == 1


@pytest.mark.parametrize(
    "number", ["0", "-1", "x", "1.5", str(2**53), "9" * 4000, "%00", "%D9%A1", "current"]
)
def test_odd_number_is_404(registry: Registry, person: Rest, number: str) -> None:
    """It is no token's."""
    answer = registry.api("GET", f"me/tokens/{number}", token=basic(person))
    assert answer.status == 404
    assert "you have no token" in answer.detail


def test_private_registry_has_tokens_for_its_readers(stack: Stack) -> None:
    """A user of this Pulp who may not read it gets 401 there, as for everything [112]."""
    private = stack.make_registry(auth_required=True)
    reader, other = stack.rest.new_user(READER, on=private.href), stack.rest.new_user()
    assert put(private, basic(other)).status == 401
    assert other.list(TOKENS) == []
    token = put(private, basic(reader)).json()["api_token"]["token"]
    assert private.get("config.json", token=token).status == 200
