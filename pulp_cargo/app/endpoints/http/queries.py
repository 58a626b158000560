"""Queries about a registry, for the endpoints that show its crates."""

from collections.abc import Callable
from typing import TypeVar

from pulp_cargo.app.endpoints.http.request import CargoRequest, refresh
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache.unstored_versions import listed
from pulp_cargo.app.services.catalog import served
from pulp_cargo.app.services.catalog.listed import Listed
from pulp_cargo.app.services.catalog.served import CatalogsOutdated

T = TypeVar("T")

# A version may be deleted, and a catalog be outdated, between one attempt and the next.
ATTEMPTS = 3


async def asked(cargo: CargoRequest, query: Callable[..., T], *args: object) -> T:
    """Return what a query finds in a registry.

    It is repeated if the served version was deleted, and after outdated catalogs have been updated,
    in a thread for which no other read waits. Raises CatalogsOutdated.
    """
    for _ in range(ATTEMPTS):
        try:
            return await threads.read(query, cargo.registry, *args)
        except CatalogsOutdated:
            await _update_catalogs(cargo)
        except VersionGone:
            await refresh(cargo)
    return await threads.read(query, cargo.registry, *args)


async def asked_of_crate(
    cargo: CargoRequest, query: Callable[..., T], name: str, *args: object
) -> T:
    """Return what a query finds of a crate, with the versions in the indexes of upstreams.

    So tools find by the web API what cargo finds by the index, stored or not.
    """
    return await asked(cargo, query, name, *args, await _listed(cargo, name))


async def _listed(cargo: CargoRequest, name: str) -> Listed | None:
    for _ in range(ATTEMPTS):
        try:
            return await listed(cargo.process.cache, cargo.registry, name)
        except VersionGone:
            await refresh(cargo)
    return await listed(cargo.process.cache, cargo.registry, name)


async def _update_catalogs(cargo: CargoRequest) -> None:
    try:
        await threads.make_part(served.update, cargo.registry)
    except VersionGone:
        await refresh(cargo)


def parameters_of(cargo: CargoRequest) -> dict[str, list[str]]:
    """Return the parameters in the query string, each with all of its values."""
    query = cargo.http.query
    return {name: query.getall(name) for name in query}
