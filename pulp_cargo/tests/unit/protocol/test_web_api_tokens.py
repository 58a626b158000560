"""Requests and answers for tokens in the web API."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from pulp_cargo.protocol.errors import InvalidMetadata
from pulp_cargo.protocol.web_api.ids import numeric_id
from pulp_cargo.protocol.web_api.tokens import (
    NewToken,
    TokenRecord,
    parse_new_token,
    token_body,
    tokens_body,
)

PK = UUID("00000000-0000-7000-8000-00000000010e")
TOKEN = TokenRecord(
    pk=PK,
    name="ci “nightly”",
    created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    last_used_at=None,
    expired_at=datetime(2027, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    endpoint_scopes=["yank"],
    crate_scopes=[],
)
SHOWN = {
    "id": 270,
    "name": "ci “nightly”",
    "created_at": "2026-01-02T03:04:05Z",
    "last_used_at": None,
    "crate_scopes": None,
    "endpoint_scopes": ["yank"],
    "expired_at": "2026-12-31T23:00:00Z",
}


def test_number_is_safe_in_javascript() -> None:
    """The largest is the largest whole number there."""
    assert numeric_id(UUID(int=2**128 - 1)) == 2**53 - 1 == 9007199254740991
    assert numeric_id(UUID(int=2**53)) == 0
    assert numeric_id(UUID(int=2**53 + 1)) == 1


def test_token_without_its_secret() -> None:
    """Times are in UTC, and an empty list of crates is null as on crates.io."""
    assert json.loads(token_body(TOKEN)) == {"api_token": SHOWN}
    assert json.loads(tokens_body([TOKEN, TOKEN])) == {"api_tokens": [SHOWN, SHOWN]}


def test_token_with_its_secret() -> None:
    """Only the answer that creates it has these two."""
    expected = {**SHOWN, "token": "secret", "revoked": False}
    assert json.loads(token_body(TOKEN, "secret")) == {"api_token": expected}


def test_request_with_everything() -> None:
    """What crates.io's page sends; unknown fields are ignored, as there."""
    body = json.dumps(
        {
            "api_token": {
                "name": "ci",
                "endpoint_scopes": ["publish-new"],
                "crate_scopes": ["acme-*"],
                "expired_at": "2030-01-31T12:00:00Z",
                "more": 1,
            }
        }
    )
    assert parse_new_token(body.encode()) == NewToken(
        "ci", ["publish-new"], ["acme-*"], "2030-01-31T12:00:00Z"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"null",
        b"{}",
        b'{"api_token": []}',
        b'{"api_token": {"name": 1}}',
        b'{"api_token": {"name": "a", "crate_scopes": {}}}',
        b'{"api_token": {"name": "a", "endpoint_scopes": [null]}}',
        b'{"api_token": {"name": "a", "expired_at": {}}}',
        b"[" * 100_000,
    ],
)
def test_bad_request(body: bytes) -> None:
    """Each is refused with a sentence."""
    with pytest.raises(InvalidMetadata):
        parse_new_token(body)
