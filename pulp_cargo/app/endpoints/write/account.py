"""A user's account and tokens in crates.io's web API: `me`, `me/tokens`, `tokens/current`.

A token must not lead to a wider one, nor to the user's other tokens: with a token, a user can see
who they are, and revoke that token. Everything else requires the user's password, as the account
page requires signing in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid5

from aiohttp import web
from django.http import Http404
from rest_framework.exceptions import PermissionDenied, ValidationError

from pulp_cargo.app.endpoints.http.request import CargoRequest, not_known
from pulp_cargo.app.models import CargoToken
from pulp_cargo.app.queries.owners import crates_of_user
from pulp_cargo.app.queries.registry import token_scopes
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.own_tokens import OwnTokens
from pulp_cargo.protocol.errors import (
    Forbidden,
    NotAuthenticated,
    NotFound,
    RuleBroken,
    TooLarge,
)
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.web_api.tokens import (
    MOST_BYTES,
    NewToken,
    TokenRecord,
    parse_new_token,
    token_body,
    tokens_body,
    user_body,
)
from pulp_cargo.rules.token_scopes import Grant


class TokenNotFound(NotFound):
    """The user has no such token in this registry."""

    def __init__(self, number: str) -> None:
        super().__init__(f"you have no token `{number}` in this registry")


async def get_account(cargo: CargoRequest) -> web.Response:
    """`GET me`: the user of the credentials, and the crates that they own themselves."""
    grant = await _require_anybody(cargo)
    return _answer(await threads.read(_account, cargo.registry, grant))


async def get_tokens(cargo: CargoRequest) -> web.Response:
    """`GET me/tokens`: the user's tokens that are valid in this registry."""
    grant = await _require_password(cargo)
    return _answer(await threads.read(_list, cargo.registry, grant))


async def put_token(cargo: CargoRequest) -> web.Response:
    """`PUT me/tokens`: create a token for this registry; only this answer has its secret."""
    grant = await _require_password(cargo)
    wanted = parse_new_token(await _body(cargo))
    return _answer(await threads.write(_create, cargo.registry, grant, wanted))


async def get_token(cargo: CargoRequest, number: str) -> web.Response:
    """`GET me/tokens/{id}`: one of the tokens of the list."""
    grant = await _require_password(cargo)
    return _answer(await threads.read(_show, cargo.registry, grant, number))


async def delete_token(cargo: CargoRequest, number: str) -> web.Response:
    """`DELETE me/tokens/{id}`: revoke one of the tokens of the list."""
    grant = await _require_password(cargo)
    await threads.write(_revoke_numbered, cargo.registry, grant, number)
    return _answer(b"{}")


async def delete_current(cargo: CargoRequest) -> web.Response:
    """`DELETE tokens/current`: revoke the token of this request, as a job does at its end."""
    grant = await _require_anybody(cargo)
    if grant.token is None:
        raise RuleBroken(["this request has a password, not a token that could be revoked"])
    await threads.write(_revoke, cargo.registry, grant, grant.token)
    return web.Response(status=204, headers={"Cache-Control": "no-store"})


async def _require_anybody(cargo: CargoRequest) -> Grant:
    """Return the grant of any valid credentials; raises NotAuthenticated."""
    grant = await cargo.grant()
    if grant is not None:
        return grant
    if "Authorization" in cargo.http.headers:
        raise not_known(cargo.registry)
    raise NotAuthenticated(
        f"the registry `{cargo.registry.name}` requires credentials for this: send a user name and"
        " password as Basic credentials, or a token"
    )


async def _require_password(cargo: CargoRequest) -> Grant:
    """Return the grant of a password; raises NotAuthenticated, and Forbidden for a token."""
    grant = await _require_anybody(cargo)
    if grant.token is not None:
        raise Forbidden(
            "a token cannot be used to see, create or revoke tokens: send your user name and"
            f" password as Basic credentials, or visit {cargo.registry.urls.login}"
        )
    return grant


async def _body(cargo: CargoRequest) -> bytes:
    """Return the body of the request; raises TooLarge."""
    body = bytearray()
    async for chunk in cargo.http.content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge(f"a request for a token has at most {MOST_BYTES:,} bytes")
    return bytes(body)


def _answer(body: bytes) -> web.Response:
    return web.Response(
        body=body, content_type="application/json", headers={"Cache-Control": "no-store"}
    )


def _account(registry: Registry, grant: Grant) -> bytes:
    user = token_scopes.user_of(grant)
    name = user.get_full_name() or None
    repository, owned = registry.content.repository, list[tuple[UUID, str]]()
    if repository is not None and registry.crate_owners:
        owned = [
            (uuid5(repository, canonical_name(crate)), crate)
            for crate in crates_of_user(repository, user.pk)
        ]
    return user_body(user.pk, user.get_username(), name, is_admin=user.is_superuser, owned=owned)


def _list(registry: Registry, grant: Grant) -> bytes:
    with _registry_errors():
        return tokens_body(_record(token) for token in _tokens(registry, grant).newest())


def _create(registry: Registry, grant: Grant, wanted: NewToken) -> bytes:
    fields: dict[str, Any] = {"name": wanted.name, "expires_at": wanted.expired_at}
    if wanted.endpoint_scopes is not None:
        fields["scopes"] = wanted.endpoint_scopes
    if wanted.crate_scopes is not None:
        fields["crate_patterns"] = wanted.crate_scopes
    with _registry_errors():
        token = _tokens(registry, grant).create(**fields)
    return token_body(_record(token), token.secret)


def _show(registry: Registry, grant: Grant, number: str) -> bytes:
    return token_body(_record(_numbered(registry, grant, number)))


def _revoke_numbered(registry: Registry, grant: Grant, number: str) -> None:
    _revoke(registry, grant, _numbered(registry, grant, number).pk)


def _revoke(registry: Registry, grant: Grant, token: UUID) -> None:
    with _registry_errors():
        _tokens(registry, grant).revoke(token)


def _numbered(registry: Registry, grant: Grant, number: str) -> CargoToken:
    try:
        # A number with more digits is no id, and costs to parse.
        wanted = int(number[:20]) if number.isascii() and number.isdigit() else -1
        with _registry_errors():
            return _tokens(registry, grant).numbered(wanted)
    except NotFound as error:
        raise TokenNotFound(number) from error


def _tokens(registry: Registry, grant: Grant) -> OwnTokens:
    return OwnTokens(token_scopes.user_of(grant), registry.domain, registry.pk)


def _record(token: CargoToken) -> TokenRecord:
    return TokenRecord(
        pk=token.pk,
        name=token.name,
        created_at=token.pulp_created,
        last_used_at=token.last_used,
        expired_at=token.expires_at,
        endpoint_scopes=token.scopes,
        crate_scopes=token.crate_patterns,
    )


@contextmanager
def _registry_errors() -> Iterator[None]:
    """Convert the errors of the REST API into those of a registry."""
    try:
        yield
    except ValidationError as error:
        raise RuleBroken(list(_sentences(error.detail))) from error
    except PermissionDenied as error:
        raise Forbidden(str(error.detail)) from error
    except Http404 as error:
        raise NotFound("there is no such token") from error


def _sentences(detail: Any, field: str = "") -> Iterator[str]:
    """Yield the messages of nested errors, each with the field that it is about."""
    match detail:
        case dict():
            for key, inner in detail.items():
                yield from _sentences(inner, field or str(key))
        case list():
            for inner in detail:
                yield from _sentences(inner, field)
        case _:
            shown = FIELDS.get(field, field)
            yield f"`{shown}`: {detail}" if shown else str(detail)


# The fields of the REST API by their names in the web API.
FIELDS = {
    "scopes": "endpoint_scopes",
    "crate_patterns": "crate_scopes",
    "expires_at": "expired_at",
    "non_field_errors": "",
}
