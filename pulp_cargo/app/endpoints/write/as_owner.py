"""Changes by the owners of crates, and by users who may modify the repository."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.rules.owners import OwnersOnly
from pulp_cargo.rules.token_scopes import Grant

T = TypeVar("T")


async def as_owner(cargo: CargoRequest, grant: Grant, change: Callable[[Grant], Awaitable[T]]) -> T:
    """Make a change with the rights of a grant; if these do not suffice, look them up and try again.

    A cached grant may be too narrow: Pulp does not announce every role that it assigns.
    """
    try:
        return await change(grant)
    except OwnersOnly:
        fresh = await cargo.look_up_grant(cargo.http.headers["Authorization"])
        if fresh is None or fresh.actor == grant.actor or not grant.scopes <= fresh.scopes:
            raise
    return await change(fresh)
