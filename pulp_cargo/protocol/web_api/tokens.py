"""Accounts and tokens as crates.io's web API has them: `me`, `me/tokens`, `tokens/current`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pulp_cargo.protocol.errors import InvalidMetadata
from pulp_cargo.protocol.json_body import to_json
from pulp_cargo.protocol.web_api.ids import numeric_id

# Maximum size of a request for a token, in bytes.
MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class NewToken:
    """A request for a token; None where the default applies."""

    name: str
    endpoint_scopes: Sequence[str] | None
    crate_scopes: Sequence[str] | None
    expired_at: str | None


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token without its secret."""

    pk: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    expired_at: datetime | None
    endpoint_scopes: Sequence[str]
    crate_scopes: Sequence[str]


def parse_new_token(body: bytes) -> NewToken:
    """Return what `PUT me/tokens` asks for; raises InvalidMetadata.

    >>> parse_new_token(b'{"api_token": {"name": "ci", "endpoint_scopes": ["yank"]}}')
    NewToken(name='ci', endpoint_scopes=['yank'], crate_scopes=None, expired_at=None)
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidMetadata("the request for a token is not JSON") from error
    fields = document.get("api_token") if isinstance(document, dict) else None
    if not isinstance(fields, dict):
        raise InvalidMetadata('the request for a token is not `{"api_token": {"name": …}}`')
    name, expired_at = fields.get("name"), fields.get("expired_at")
    if not isinstance(name, str):
        raise InvalidMetadata("`name` of the token must be a string")
    if not isinstance(expired_at, str | None):
        raise InvalidMetadata("`expired_at` must be a time such as `2030-01-31T12:00:00Z`, or null")
    return NewToken(
        name, _texts(fields, "endpoint_scopes"), _texts(fields, "crate_scopes"), expired_at
    )


def _texts(fields: Mapping[str, object], key: str) -> list[str] | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidMetadata(f"`{key}` must be a list of strings, or null")
    return value


def user_body(
    pk: int, login: str, name: str | None, *, is_admin: bool, owned: Iterable[tuple[UUID, str]]
) -> bytes:
    """Return the answer to `GET me`; `owned` are ids and names of the crates that the user owns.

    >>> user_body(1, "ann", None, is_admin=False, owned=[])[:49]
    b'{"user":{"id":1,"login":"ann","name":null,"email"'
    """
    user = {
        "id": pk,
        "login": login,
        "name": name,
        "email": None,
        "email_verified": False,
        "email_verification_sent": False,
        "avatar": None,
        "url": None,
        "is_admin": is_admin,
        "publish_notifications": False,
    }
    crates = [
        {"id": numeric_id(pk), "name": crate, "email_notifications": False} for pk, crate in owned
    ]
    return to_json({"user": user, "owned_crates": crates})


def tokens_body(tokens: Iterable[TokenRecord]) -> bytes:
    """Return the answer to `GET me/tokens`.

    >>> tokens_body([])
    b'{"api_tokens":[]}'
    """
    return to_json({"api_tokens": [_encoded(token) for token in tokens]})


def token_body(token: TokenRecord, secret: str | None = None) -> bytes:
    """Return the answer to requests for one token; `secret` is that of a new one."""
    shown = _encoded(token)
    if secret is not None:
        shown |= {"token": secret, "revoked": False}
    return to_json({"api_token": shown})


def _encoded(token: TokenRecord) -> dict[str, object]:
    return {
        "id": numeric_id(token.pk),
        "name": token.name,
        "created_at": _time(token.created_at),
        "last_used_at": _time(token.last_used_at),
        "crate_scopes": list(token.crate_scopes) or None,
        "endpoint_scopes": list(token.endpoint_scopes),
        "expired_at": _time(token.expired_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
