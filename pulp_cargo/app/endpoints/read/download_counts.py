"""How often crates were downloaded (crates.io's API, which cargo does not use)."""

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest, refresh
from pulp_cargo.app.endpoints.http.responses import revalidated, varies
from pulp_cargo.app.queries.crates.unit_ids import unit_ids
from pulp_cargo.app.queries.downloads import days_of
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import threads
from pulp_cargo.protocol.errors import CrateNotFound, RegistryError, VersionNotFound
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.web_api.downloads import crate_downloads_body, version_downloads_body
from pulp_cargo.protocol.web_api.ids import numeric_id


async def get_crate_downloads(cargo: CargoRequest, name: str) -> web.Response:
    """`GET /crates/{name}/downloads`: the downloads of each of the last 90 days."""
    units = await _units(cargo, name)
    days = await threads.read(days_of, cargo.registry.pk, name)
    # A cache may have sent versions that it does not store.
    if not units and not (days and cargo.registry.upstreams.listed):
        raise CrateNotFound(name)
    ids = {vers: numeric_id(unit) for vers, unit in units.items()}
    return _response(cargo, crate_downloads_body(days, ids))


async def get_version_downloads(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`GET /crates/{name}/{vers}/downloads`: the same for one version."""
    parse_version(vers)
    unit = (await _units(cargo, name)).get(vers)
    if unit is None:
        raise VersionNotFound(name, vers)
    days = await threads.read(days_of, cargo.registry.pk, name)
    own = [count for count in days if count.vers == vers]
    return _response(cargo, version_downloads_body(own, numeric_id(unit)))


async def _units(cargo: CargoRequest, name: str) -> Mapping[str, UUID]:
    """Return the crate's versions that are stored, in any spelling of the name."""
    cargo.require_crates()
    try:
        parse_crate_name(name)
    except RegistryError as error:
        raise CrateNotFound(name) from error
    try:
        return await threads.read(unit_ids, cargo.registry, name)
    except VersionGone:
        await refresh(cargo)
        return await threads.read(unit_ids, cargo.registry, name)


def _response(cargo: CargoRequest, body: bytes) -> web.Response:
    headers = {"Cache-Control": revalidated(cargo), **varies(cargo.registry.access)}
    return web.Response(body=body, content_type="application/json", headers=headers)
