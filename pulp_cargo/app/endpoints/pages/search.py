"""Pages that list crates: search, keywords and categories."""

from dataclasses import replace

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.pages.render import answer, render_of
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.catalog.find import find
from pulp_cargo.protocol.web_api.crates import neighbours
from pulp_cargo.protocol.web_api.search import (
    LONGEST_VALUE,
    Paging,
    Parameters,
    SearchQuery,
    Sort,
    parse_search,
)

PER_PAGE = 20
# The orders that the form offers, with their names.
SORTS = {
    Sort.RELEVANCE: "Relevance",
    Sort.ALPHABETICAL: "Name",
    Sort.NEW: "Newly added",
    Sort.RECENT_UPDATES: "Recently updated",
    Sort.DOWNLOADS: "Most downloaded",
}
# The parameters of the form; others are ignored.
FIELDS = ("q", "page", "sort")


async def get_search(cargo: CargoRequest) -> web.Response:
    """`GET search`: crates that match a text; without one, all of them."""
    parameters = _parameters(cargo)
    query = _query(parameters)
    title = f"Search: {query.text}" if query.text else "All crates"
    return await _list(cargo, query, parameters, title)


async def get_keyword(cargo: CargoRequest, keyword: str) -> web.Response:
    """`GET keywords/{keyword}`: the crates with a keyword."""
    parameters = _parameters(cargo)
    query = replace(_query({**parameters, "keyword": [keyword]}), text="")
    return await _list(cargo, query, parameters, f"Keyword: {keyword[:LONGEST_VALUE]}")


async def get_category(cargo: CargoRequest, slug: str) -> web.Response:
    """`GET categories/{slug}`: the crates of a category, and of those below it."""
    parameters = _parameters(cargo)
    query = replace(_query({**parameters, "category": [slug]}), text="")
    return await _list(cargo, query, parameters, f"Category: {slug[:LONGEST_VALUE]}")


def _parameters(cargo: CargoRequest) -> Parameters:
    query = cargo.http.query
    return {name: query.getall(name)[-1:] for name in FIELDS if query.get(name)}


def _query(parameters: Parameters) -> SearchQuery:
    query = parse_search(parameters)
    return replace(query, paging=Paging(query.paging.page, PER_PAGE))


async def _list(
    cargo: CargoRequest, query: SearchQuery, parameters: Parameters, title: str
) -> web.Response:
    return answer(cargo, await asked(cargo, _page, query, parameters, title))


def _page(registry: Registry, query: SearchQuery, parameters: Parameters, title: str) -> str:
    total, crates = find(registry, query)
    first = query.paging.offset + 1
    return render_of(
        registry,
        "search.html",
        title=title,
        query=query,
        sorts=SORTS,
        total=total,
        crates=crates,
        first=first,
        last=first + len(crates) - 1,
        **neighbours(total, query.paging, parameters),
    )
