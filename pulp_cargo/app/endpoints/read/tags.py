"""Keywords, categories and the summary of a registry (crates.io's API, which cargo does not use)."""

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked, parameters_of
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.read.web_api import Shape, as_json
from pulp_cargo.app.queries.tags import Kind
from pulp_cargo.app.services.catalog import categories, summary
from pulp_cargo.protocol.errors import TagNotFound
from pulp_cargo.protocol.table import is_storable
from pulp_cargo.protocol.web_api.search import parse_paging
from pulp_cargo.protocol.web_api.tags import (
    category_object,
    keyword_object,
    parse_sort,
    slug_objects,
)
from pulp_cargo.rules.crates_io import known_categories


async def get_keywords(cargo: CargoRequest) -> web.Response:
    """`GET /keywords`: the keywords of all crates, a page of them."""
    return await _list(cargo, "keywords", keyword_object)


async def get_keyword(cargo: CargoRequest, text: str) -> web.Response:
    """`GET /keywords/{keyword}`."""
    wanted = [text.lower()] if is_storable(text) else []
    found = await asked(cargo, summary.tags_named, "keywords", wanted)
    if not found:
        raise TagNotFound("keyword", text)
    return as_json(cargo, {"keyword": keyword_object(found[0])})


async def get_categories(cargo: CargoRequest) -> web.Response:
    """`GET /categories`: the categories of all crates, a page of them."""
    return await _list(cargo, "categories", category_object)


async def get_category(cargo: CargoRequest, text: str) -> web.Response:
    """`GET /categories/{slug}`: a category that crates have, itself or one below it."""
    slug = text.lower()
    found = await asked(cargo, categories.category, slug) if is_storable(slug) else None
    if found is None:
        raise TagNotFound("category", text)
    shown = {
        **category_object(found.tag),
        "parent_categories": [category_object(one) for one in found.parents],
        "subcategories": [category_object(one) for one in found.children],
    }
    return as_json(cargo, {"category": shown})


async def get_category_slugs(cargo: CargoRequest) -> web.Response:
    """`GET /category_slugs`: those of crates.io, which `crates_io_rules` demands."""
    return as_json(cargo, {"category_slugs": slug_objects(sorted(known_categories()))})


async def get_summary(cargo: CargoRequest) -> web.Response:
    """`GET /summary`: the totals of the registry, and its newest and most used crates."""
    usage = await cargo.process.usage.of(cargo.registry.pk)
    return as_json(cargo, await asked(cargo, summary.summary, usage))


async def _list(cargo: CargoRequest, kind: Kind, shape: Shape) -> web.Response:
    parameters = parameters_of(cargo)
    paging, sort = parse_paging(parameters), parse_sort(parameters)
    total, found = await asked(cargo, summary.tags, kind, paging, sort)
    return as_json(cargo, {kind: [shape(one) for one in found], "meta": {"total": total}})
