"""Search in what a registry serves."""

from collections.abc import Sequence

from pulp_cargo.app.queries import downloads
from pulp_cargo.app.queries import search as queries
from pulp_cargo.app.queries.downloads import CrateTotals
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.search import CatalogEntry, Hit
from pulp_cargo.app.services.catalog.served import (
    ServedCatalog,
    answering,
    served_catalogs,
)
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.web_api.crates import CrateObject
from pulp_cargo.protocol.web_api.search import SearchQuery

# A list of upstreams decides for each crate which of them answers, so many hits are looked at.
MOST_HITS = 10_000


def find(registry: Registry, query: SearchQuery) -> tuple[int, list[CrateObject]]:
    """Return how many crates match, and the requested page of them; raises CatalogsOutdated."""
    served = served_catalogs(registry)
    total, hits = _hits(registry, served, query)
    objects: dict[int, CrateObject] = {}
    found = queries.entries(hits)
    totals = downloads.totals_of(registry.pk, {hit.canonical_name for hit in hits})
    for one in served:
        entries = [found[hit.id] for hit in hits if hit.catalog == one.catalog and hit.id in found]
        for entry in entries:
            objects[entry.id] = _object(
                registry, one, entry, query, totals.get(entry.canonical_name)
            )
    return total, [objects[hit.id] for hit in hits if hit.id in objects]


def _hits(
    registry: Registry, served: Sequence[ServedCatalog], query: SearchQuery
) -> tuple[int, list[Hit]]:
    if not served:
        return 0, []
    catalogs = [one.catalog for one in served]
    paging = query.paging
    if registry.upstreams.order is None:
        return queries.search(
            registry.pk, catalogs, query, limit=paging.per_page, offset=paging.offset
        )
    _, hits = queries.search(registry.pk, catalogs, query, limit=MOST_HITS, offset=0)
    answers = answering(registry, served, {hit.canonical_name for hit in hits})
    # Versions that are mixed stand in several catalogs; the first of them describes the crate.
    first: dict[str, Hit] = {}
    for hit in hits:
        if hit.catalog in answers[hit.canonical_name]:
            first.setdefault(hit.canonical_name, hit)
    shown = list(first.values())
    return len(shown), shown[paging.offset : paging.offset + paging.per_page]


def _object(
    registry: Registry,
    served: ServedCatalog,
    entry: CatalogEntry,
    query: SearchQuery,
    totals: CrateTotals | None,
) -> CrateObject:
    name = canonical_name("_".join(query.text.split()))
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
        downloads=totals.downloads if totals else 0,
        recent_downloads=totals.recent if totals else 0,
        exact_match=bool(name) and name == entry.canonical_name,
        private=served.upstream.private,
        upstream=served.upstream.name if registry.upstreams.listed else None,
    )
