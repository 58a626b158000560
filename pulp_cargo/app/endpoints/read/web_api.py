"""crates.io's web API about crates, for tools that use it with a configurable host."""

from collections.abc import Callable, Collection, Mapping, Sequence

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked, asked_of_crate, parameters_of
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import headers_for_readers, json_response
from pulp_cargo.app.queries import downloads
from pulp_cargo.app.queries.crates import details
from pulp_cargo.app.queries.downloads import CrateTotals
from pulp_cargo.app.queries.tags import Kind
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.catalog import crate as crates
from pulp_cargo.app.services.catalog import summary
from pulp_cargo.app.services.catalog.crate import ServedVersion
from pulp_cargo.app.services.catalog.served import has_catalog
from pulp_cargo.protocol.errors import InvalidQuery, ReadmeNotFound
from pulp_cargo.protocol.json_body import to_json
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.web_api.crates import crate_object, neighbours
from pulp_cargo.protocol.web_api.ids import numeric_id
from pulp_cargo.protocol.web_api.include import parse_include
from pulp_cargo.protocol.web_api.search import Parameters, parse_paging, single
from pulp_cargo.protocol.web_api.tags import Tag, category_object, keyword_object
from pulp_cargo.protocol.web_api.versions import dependency_objects, version_object
from pulp_cargo.rules.crate_summary import release_tracks

INCLUDES = frozenset(
    {"versions", "keywords", "categories", "badges", "downloads", "default_version", "full"}
)

Shape = Callable[[Tag], Mapping[str, object]]


async def get_crate(cargo: CargoRequest, name: str) -> web.Response:
    """`GET /crates/{name}`: the crate, its versions, keywords and categories."""
    include = _included(parameters_of(cargo))
    found = await asked_of_crate(cargo, crates.crate, name)
    crate = found.object(has_upstreams=bool(cargo.registry.upstreams.listed))
    shown = crate_object(crate)

    versions = found.versions
    if "versions" not in include:
        shown = {**shown, "versions": None}
        versions = [found.default] if "default_version" in include else []

    async def tags(kind: Kind, texts: Sequence[str], shape: Shape) -> list[object] | None:
        if kind not in include or not has_catalog(cargo.registry):
            return None
        return [shape(one) for one in await asked(cargo, summary.tags_named, kind, texts)]

    return as_json(
        cargo,
        {
            "crate": shown,
            "versions": [version_object(one.object()) for one in versions] or None,
            "keywords": await tags("keywords", crate.keywords, keyword_object),
            "categories": await tags("categories", crate.categories, category_object),
        },
    )


async def get_versions(cargo: CargoRequest, name: str) -> web.Response:
    """`GET /crates/{name}/versions`: all versions, or a page if `per_page` is given."""
    parameters = parameters_of(cargo)
    include = parse_include(parameters, {"release_tracks"})
    found = await asked_of_crate(cargo, crates.crate, name)
    versions = list(found.versions)
    match single(parameters, "sort"):
        case "" | "semver":
            pass
        case "date":
            versions.sort(key=lambda one: one.details.published, reverse=True)
        case other:
            raise InvalidQuery(f"`sort` is {other!r}; it must be `semver` or `date`")
    if wanted := parameters.get("nums[]"):
        versions = [one for one in versions if one.details.vers in wanted]
    total = len(versions)
    meta: dict[str, object] = {"total": total, "next_page": None}
    if "per_page" in parameters or "page" in parameters or single(parameters, "seek"):
        paging = parse_paging(parameters)
        versions = versions[paging.offset : paging.offset + paging.per_page]
        meta |= neighbours(total, paging, parameters)
    if "release_tracks" in include:
        meta["release_tracks"] = release_tracks(one.summary for one in found.versions)
    return as_json(
        cargo,
        {
            "versions": [version_object(one.object()) for one in versions],
            "meta": meta,
        },
    )


async def get_version(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`GET /crates/{name}/{vers}`."""
    found = await asked_of_crate(cargo, crates.version, name, vers)
    return as_json(cargo, {"version": version_object(found.object())})


async def get_dependencies(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`GET /crates/{name}/{vers}/dependencies`."""
    found = await asked_of_crate(cargo, crates.version, name, vers)
    one = found.details
    return as_json(
        cargo, {"dependencies": dependency_objects(one.index_line, numeric_id(one.unit))}
    )


async def get_reverse_dependencies(cargo: CargoRequest, name: str) -> web.Response:
    """`GET /crates/{name}/reverse_dependencies`: the crates whose default version needs this one."""
    parameters = parameters_of(cargo)
    paging = parse_paging(parameters)
    await asked_of_crate(cargo, crates.require, name)
    total, found = await asked(cargo, crates.dependents, name, paging)
    names = [one.details.name for one in found]
    totals = await threads.read(downloads.totals_of, cargo.registry.pk, names)
    return as_json(
        cargo,
        {
            "dependencies": [
                dep for one in found for dep in _dependencies_on(cargo, one, name, totals)
            ],
            "versions": [version_object(one.object()) for one in found],
            "meta": {"total": total},
        },
    )


async def get_authors(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`GET /crates/{name}/{vers}/authors`: empty, as crates.io no longer lists authors."""
    await asked_of_crate(cargo, crates.version, name, vers)
    return as_json(cargo, {"users": [], "meta": {"names": []}})


async def get_readme(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`GET /crates/{name}/{vers}/readme`: the readme as it was published, as plain text."""
    found = await asked_of_crate(cargo, crates.version, name, vers)
    text = await threads.read(details.readme, found.details.unit)
    if text is None:
        raise ReadmeNotFound(name, vers)
    return web.Response(text=text, headers=headers_for_readers(cargo))


def _included(parameters: Parameters) -> Collection[str]:
    """Return the parts of a crate to include: without the parameter all, and without a name none."""
    include = parse_include(parameters, INCLUDES, default=INCLUDES)
    return INCLUDES if "full" in include else include


def _dependencies_on(
    cargo: CargoRequest, one: ServedVersion, name: str, totals: Mapping[str, CrateTotals]
) -> list[Mapping[str, object]]:
    """Return the dependencies of a version on a crate, with the downloads of the version's crate."""
    urls, wanted = cargo.registry.urls, canonical_name(name)

    def is_on_it(other: str, registry: str | None) -> bool:
        return canonical_name(other) == wanted and (registry is None or urls.is_null(registry))

    details = one.details
    found = dependency_objects(details.index_line, numeric_id(details.unit), is_on_it)
    total = totals.get(canonical_name(details.name))
    shown = {"crate_id": name, "downloads": total.downloads if total else 0}
    return [{**dep, **shown} for dep in found]


def as_json(cargo: CargoRequest, value: object) -> web.Response:
    """Return a value as JSON, for the readers of the registry."""
    return json_response(cargo, to_json(value))
