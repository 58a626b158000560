"""Changes by the owners of crates, and by those above them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.queries.registry.grants import Grant
from pulp_cargo.rules.owners import OwnersOnly

T = TypeVar("T")


async def as_owner(cargo: CargoRequest, grant: Grant, change: Callable[[Grant], Awaitable[T]]) -> T:
    """Make a change with the rights of a grant; if these do not suffice, look them up and try again.

    A process may remember too little: Pulp does not tell of every role that it gives.
    """
    try:
        return await change(grant)
    except OwnersOnly:
        fresh = await cargo.look_up_grant(cargo.http.headers["Authorization"])
        if fresh is None or fresh.actor == grant.actor or not grant.scopes <= fresh.scopes:
            raise
    return await change(fresh)
