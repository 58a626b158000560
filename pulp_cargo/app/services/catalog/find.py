"""Search in what a registry serves."""

from collections.abc import Sequence
from dataclasses import replace

from pulp_cargo.app.queries import search as queries
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.search import CatalogEntry, Hit
from pulp_cargo.app.services.catalog.served import (
    ServedCatalog,
    answering,
    served_catalogs,
)
from pulp_cargo.app.services.catalog.upstream_hits import UpstreamHits, shown_hits
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.web_api.crates import CrateObject
from pulp_cargo.protocol.web_api.search import SearchQuery

# Maximum number of hits to examine: which upstream of a list answers is decided for each crate.
MOST_HITS = 10_000


def find(
    registry: Registry, query: SearchQuery, hits: UpstreamHits | None = None
) -> tuple[int, list[CrateObject]]:
    """Return how many crates match, and the requested page of them; raises CatalogsOutdated.

    Crates that only upstreams have found are after those of the catalogs, except for one of exactly
    the name.
    """
    served = served_catalogs(registry)
    others = _only_upstream(registry, served, query, hits) if hits else []
    first = [one for one in others if one.exact_match]
    last = [one for one in others if not one.exact_match]
    paging, before = query.paging, len(first)
    shown = first[paging.offset : paging.offset + paging.per_page]
    offset, limit = max(0, paging.offset - before), paging.per_page - len(shown)
    total, crates = _in_catalogs(registry, served, query, limit=limit, offset=offset)
    # Policies may have left out crates of the page, so what is shown does not tell its length.
    there = min(limit, max(0, total - offset))
    start = max(0, paging.offset - before - total)
    return before + total + len(last), [*shown, *crates, *last[start : start + limit - there]]


def _only_upstream(
    registry: Registry, served: Sequence[ServedCatalog], query: SearchQuery, hits: UpstreamHits
) -> list[CrateObject]:
    return [
        replace(one, exact_match=_is_exact(query, canonical_name(one.name)))
        for one in shown_hits(registry, served, hits)
        if query.include_yanked or not one.yanked
    ]


def _in_catalogs(
    registry: Registry,
    served: Sequence[ServedCatalog],
    query: SearchQuery,
    *,
    limit: int,
    offset: int,
) -> tuple[int, list[CrateObject]]:
    if not served:
        return 0, []
    catalogs = [one.catalog for one in served]
    if registry.upstreams.order is None:
        total, entries = queries.search_entries(
            registry.pk, catalogs, query, limit=limit, offset=offset
        )
        return total, _objects(registry, served, query, entries)
    _, hits = queries.search(registry.pk, catalogs, query, limit=MOST_HITS, offset=0)
    shown = answered(registry, served, hits)
    return len(shown), objects_of(registry, served, query, shown[offset : offset + limit])


def objects_of(
    registry: Registry, served: Sequence[ServedCatalog], query: SearchQuery, hits: Sequence[Hit]
) -> list[CrateObject]:
    """Return the crates of hits, in their order."""
    return _objects(registry, served, query, queries.entries(registry.pk, hits))


def _objects(
    registry: Registry,
    served: Sequence[ServedCatalog],
    query: SearchQuery,
    entries: Sequence[CatalogEntry],
) -> list[CrateObject]:
    by_catalog = {one.catalog: one for one in served}
    return [_object(registry, by_catalog[one.catalog], one, query) for one in entries]


def answered(registry: Registry, served: Sequence[ServedCatalog], hits: list[Hit]) -> list[Hit]:
    """Return the hits in catalogs that answer for their crates, each crate once."""
    if registry.upstreams.order is None:
        return hits
    answers = answering(registry, served, {hit.canonical_name for hit in hits})
    # Versions that are mixed stand in several catalogs; the first of them describes the crate.
    first: dict[str, Hit] = {}
    for hit in hits:
        if hit.catalog in answers[hit.canonical_name]:
            first.setdefault(hit.canonical_name, hit)
    return list(first.values())


def _object(
    registry: Registry,
    served: ServedCatalog,
    entry: CatalogEntry,
    query: SearchQuery,
) -> CrateObject:
    return CrateObject(
        name=entry.name,
        max_version=entry.max_version,
        max_stable_version=entry.max_stable,
        newest_version=entry.newest_version,
        default_version=entry.default_version,
        num_versions=entry.num_versions,
        yanked=entry.yanked,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
        description=entry.description,
        keywords=entry.keywords,
        categories=entry.categories,
        homepage=entry.homepage,
        documentation=entry.documentation,
        repository=entry.repository,
        downloads=entry.downloads,
        recent_downloads=entry.recent_downloads,
        exact_match=_is_exact(query, entry.canonical_name),
        private=served.upstream.private,
        upstream=served.upstream.name if registry.upstreams.listed else None,
    )


def _is_exact(query: SearchQuery, name: str) -> bool:
    """Whether a text is just the name of a crate, which is in canonical form."""
    return name == canonical_name("_".join(query.text.split()))
