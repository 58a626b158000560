"""The page of the crates that need a crate; the page of the crate itself has only the first of them."""

from collections.abc import Sequence

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked, parameters_of
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.pages.render import answer, render_of
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.catalog import crate as crates
from pulp_cargo.app.services.catalog.crate import ServedVersion
from pulp_cargo.protocol.web_api.crates import neighbours
from pulp_cargo.protocol.web_api.search import Paging, parse_paging

PER_PAGE = 100


async def get_dependents_page(cargo: CargoRequest, name: str) -> web.Response:
    """`GET crates/{name}/dependents`: the crates whose default version needs it, a page of them."""
    page = {"page": parameters_of(cargo).get("page", [])}
    paging = Paging(parse_paging(page).page, PER_PAGE)
    # First, since it finds out that catalogs are outdated.
    total, found = await asked(cargo, crates.dependents, name, paging)
    shown = (await asked(cargo, crates.outline, name)).name
    return answer(cargo, _page(cargo.registry, shown, total, found, paging))


def _page(
    registry: Registry, name: str, total: int, found: Sequence[ServedVersion], paging: Paging
) -> str:
    return render_of(
        registry,
        "dependents.html",
        name=name,
        total=total,
        dependents=found,
        **neighbours(total, paging, {}),
    )
