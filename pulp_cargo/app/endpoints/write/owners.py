"""Adding and removing owners of a crate (Cargo Book, Registry Web API, "Owners")."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.write.as_owner import as_owner
from pulp_cargo.app.endpoints.write.require_writable import require_repository
from pulp_cargo.app.queries import owners as queries
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.services import owners
from pulp_cargo.protocol.errors import CrateNotFound, InvalidName, ReservedName, TooLarge
from pulp_cargo.protocol.names import CrateName, parse_crate_name
from pulp_cargo.protocol.owners import (
    MAX_BODY_BYTES,
    InvalidOwners,
    changed_body,
    enumerated,
    parse_logins,
)
from pulp_cargo.rules.owners import Actor, OwnersDisabled
from pulp_cargo.rules.token_scopes import Grant, Scope

Change = Callable[[UUID, Actor, CrateName, Sequence[str]], str]


async def put_owners(cargo: CargoRequest, name: str) -> web.Response:
    """`PUT /crates/{name}/owners`: they are owners at once, since nobody is asked by mail."""
    crate, logins = await _change(cargo, name, owners.add)
    word = "owns" if len(logins) == 1 else "own"
    return _answer(f"{enumerated(logins)} now {word} the crate `{crate}`")


async def delete_owners(cargo: CargoRequest, name: str) -> web.Response:
    """`DELETE /crates/{name}/owners`."""
    crate, logins = await _change(cargo, name, owners.remove)
    word = "owns" if len(logins) == 1 else "own"
    return _answer(f"{enumerated(logins)} no longer {word} the crate `{crate}`")


async def _change(cargo: CargoRequest, name: str, change: Change) -> tuple[str, Sequence[str]]:
    try:
        crate = parse_crate_name(name)
    except (InvalidName, ReservedName) as error:
        raise CrateNotFound(name) from error
    grant = await cargo.require(Scope.CHANGE_OWNERS, crate=crate)
    repository = require_repository(cargo.registry)
    if not await threads.read(queries.spellings, repository, [crate]):
        raise CrateNotFound(name)
    logins = parse_logins(await _body(cargo.http))

    async def write(by: Grant) -> str:
        if by.actor is None:
            raise OwnersDisabled
        return await threads.write(change, repository, by.actor, crate, logins)

    return await as_owner(cargo, grant, write), logins


async def _body(request: web.Request) -> bytes:
    """Return the body of a request; raises TooLarge, or InvalidOwners if it stops coming."""
    body = bytearray()
    seconds = timeouts.PUBLISH_IDLE_TIMEOUT_SECONDS
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise TooLarge(f"a list of owners has at most {MAX_BODY_BYTES} bytes")
    except TimeoutError as error:
        raise InvalidOwners(f"the body did not arrive within {seconds} seconds") from error
    except web.RequestPayloadError as error:
        raise InvalidOwners(f"the body could not be read to its end: {error}") from error
    return bytes(body)


def _answer(message: str) -> web.Response:
    return web.Response(body=changed_body(message), content_type="application/json")
