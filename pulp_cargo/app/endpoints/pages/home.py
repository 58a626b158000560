"""The page at the URL of a registry: what it is, how to use it, its newest and most used crates."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.pages.render import answer, render_of
from pulp_cargo.app.endpoints.read.config import cargo_config
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.catalog import summary
from pulp_cargo.app.services.catalog.find import find
from pulp_cargo.app.services.catalog.served import has_catalog
from pulp_cargo.protocol.web_api.crates import CrateObject
from pulp_cargo.protocol.web_api.search import Paging, SearchQuery, Sort

LISTED = Paging(1, 10)


@dataclass(frozen=True, slots=True)
class Latest:
    """The number of crates of a registry, those that are new, have new versions, or are most used."""

    total: int
    new: Sequence[CrateObject]
    updated: Sequence[CrateObject]
    used: Sequence[CrateObject]


async def get_home(cargo: CargoRequest) -> web.Response:
    """`GET` of the registry's URL itself."""
    config = await cargo_config(cargo)
    usage = await cargo.process.usage.of(cargo.registry.pk)
    return answer(cargo, await asked(cargo, _page, config, usage.most))


def _page(registry: Registry, config: str, used: Sequence[str]) -> str:
    latest = _latest(registry, used) if has_catalog(registry) else None
    return render_of(registry, "home.html", latest=latest, config=config)


def _latest(registry: Registry, used: Sequence[str]) -> Latest:
    total, new = find(registry, SearchQuery(paging=LISTED, sort=Sort.NEW))
    _, updated = find(registry, SearchQuery(paging=LISTED, sort=Sort.RECENT_UPDATES))
    return Latest(total, new, updated, summary.used(registry, used))
