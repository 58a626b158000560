"""Yank and unyank (Cargo Book, Registry Web API)."""

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.write.as_owner import as_owner
from pulp_cargo.app.endpoints.write.require_writable import require_repository
from pulp_cargo.app.services.publish.commit import Committed
from pulp_cargo.app.services.publish.yank import Yank
from pulp_cargo.protocol.api import ok_body
from pulp_cargo.protocol.errors import CrateNotFound, InvalidName
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.token_scopes import Grant, Scope


async def delete_yank(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`DELETE /crates/{name}/{vers}/yank`."""
    return await _mark(cargo, name, vers, yanked=True)


async def put_unyank(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`PUT /crates/{name}/{vers}/unyank`."""
    return await _mark(cargo, name, vers, yanked=False)


async def _mark(cargo: CargoRequest, name: str, vers: str, *, yanked: bool) -> web.Response:
    try:
        crate = parse_crate_name(name)
    except InvalidName as error:
        raise CrateNotFound(name) from error
    grant = await cargo.require(Scope.YANK, crate=crate)
    repository = require_repository(cargo.registry)
    parsed = parse_version(vers)

    async def submit(by: Grant) -> Committed | None:
        change = Yank(crate, parsed, yanked, by)
        return await cargo.process.commits.submit(repository, cargo.registry.domain, change)

    committed = await as_owner(cargo, grant, submit)
    await cargo.process.memory.acknowledgements.wait_until_all_processes_know(committed)
    return web.Response(body=ok_body(), content_type="application/json")
