"""How often crates were downloaded (crates.io's API, which cargo does not use)."""

from datetime import date

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked_of_crate, parameters_of
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import json_response
from pulp_cargo.app.queries.downloads import days_of
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.catalog import crate as crates
from pulp_cargo.protocol.errors import CrateNotFound
from pulp_cargo.protocol.table import is_storable
from pulp_cargo.protocol.web_api.downloads import (
    crate_downloads_body,
    parse_before_date,
    version_downloads_body,
    with_own_counts,
)
from pulp_cargo.protocol.web_api.ids import numeric_id
from pulp_cargo.protocol.web_api.include import parse_include
from pulp_cargo.protocol.web_api.versions import version_object


async def get_crate_downloads(cargo: CargoRequest, name: str) -> web.Response:
    """`GET /crates/{name}/downloads`: the downloads of each of the last 90 days."""
    cargo.require_crates()
    include = parse_include(parameters_of(cargo), {"versions"})
    days = await threads.read(days_of, cargo.registry.pk, name) if is_storable(name) else []
    try:
        versions = (await asked_of_crate(cargo, crates.crate, name)).versions
    except CrateNotFound:
        # A cache may have sent versions that it does not store.
        if not (days and cargo.registry.upstreams.listed):
            raise
        versions = ()
    ids = {one.details.vers: numeric_id(one.details.unit) for one in versions}
    shown = None
    if "versions" in include:
        own = with_own_counts(ids)
        shown = [version_object(one.object()) for one in versions if one.details.vers in own]
    return json_response(cargo, crate_downloads_body(days, ids, shown))


async def get_version_downloads(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`GET /crates/{name}/{vers}/downloads`: the same for one version."""
    cargo.require_crates()
    last = parse_before_date(parameters_of(cargo)) or date.max
    found = await asked_of_crate(cargo, crates.version, name, vers)
    days = await threads.read(days_of, cargo.registry.pk, name)
    own = [count for count in days if count.vers == vers and count.day <= last]
    return json_response(cargo, version_downloads_body(own, numeric_id(found.details.unit)))
