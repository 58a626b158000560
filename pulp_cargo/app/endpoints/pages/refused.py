"""The page of the versions of a crate that crate policies refuse."""

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest, refresh
from pulp_cargo.app.endpoints.pages.render import answer, render_of
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.services.cache.refused import RefusedVersions, refused_versions

# A longer list is cut.
MOST_VERSIONS = 200


async def get_refused_page(cargo: CargoRequest, name: str) -> web.Response:
    """`GET crates/{name}/refused`: which versions policies refuse now, by which policy, and why.

    It says nothing else about these versions, and it is not cached: a cooldown ends by itself.
    """
    try:
        found = await _refused(cargo, name)
    except VersionGone:
        await refresh(cargo)
        found = await _refused(cargo, name)
    shown = found.highest[0].name if found.highest else name
    return answer(cargo, render_of(cargo.registry, "refused.html", name=shown, refused=found))


async def _refused(cargo: CargoRequest, name: str) -> RefusedVersions:
    return await refused_versions(cargo.process.cache, cargo.registry, name, MOST_VERSIONS)
