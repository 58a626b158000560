"""The page at the URL of a registry: what it is, how to use it, and its newest crates."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.pages.render import answer, render_of
from pulp_cargo.app.endpoints.read.config import cargo_config
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.catalog.find import find
from pulp_cargo.app.services.catalog.served import has_catalog
from pulp_cargo.protocol.web_api.crates import CrateObject
from pulp_cargo.protocol.web_api.search import Paging, SearchQuery, Sort

LISTED = Paging(1, 10)


@dataclass(frozen=True, slots=True)
class Latest:
    """The number of crates of a registry, those that are new, and those that have new versions."""

    total: int
    new: Sequence[CrateObject]
    updated: Sequence[CrateObject]


async def get_home(cargo: CargoRequest) -> web.Response:
    """`GET` of the registry's URL itself."""
    config = await cargo_config(cargo)
    return answer(cargo, await asked(cargo, _page, config))


def _page(registry: Registry, config: str) -> str:
    latest = _latest(registry) if has_catalog(registry) else None
    return render_of(registry, "home.html", latest=latest, config=config)


def _latest(registry: Registry) -> Latest:
    total, new = find(registry, SearchQuery(paging=LISTED, sort=Sort.NEW))
    _, updated = find(registry, SearchQuery(paging=LISTED, sort=Sort.RECENT_UPDATES))
    return Latest(total, new, updated)
