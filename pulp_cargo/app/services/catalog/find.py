"""Search in what a registry serves."""

from collections import defaultdict
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
    under_policies,
)
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.web_api.crates import CrateObject
from pulp_cargo.protocol.web_api.search import SearchQuery
from pulp_cargo.rules.crate_summary import CrateSummary

# A list of upstreams decides for each crate which of them answers, so many hits are looked at.
MOST_HITS = 10_000


def find(registry: Registry, query: SearchQuery) -> tuple[int, list[CrateObject]]:
    """Return how many crates match, and the page of them that was asked for."""
    served = served_catalogs(registry)
    total, hits = _hits(registry, served, query)
    objects: dict[int, CrateObject | None] = {}
    found = queries.entries(hits)
    totals = downloads.totals_of(registry.pk, {hit.canonical_name for hit in hits})
    for one in served:
        entries = [found[hit.id] for hit in hits if hit.catalog == one.catalog and hit.id in found]
        summaries = under_policies(registry, one, [entry.canonical_name for entry in entries])
        for entry in entries:
            summary = summaries.get(entry.canonical_name) if summaries else None
            is_refused = bool(summaries) and summary is None
            objects[entry.id] = (
                None
                if is_refused
                else _object(registry, one, entry, summary, query, totals.get(entry.canonical_name))
            )
    return total, [shown for hit in hits if (shown := objects.get(hit.id)) is not None]


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
    seen = defaultdict[str, bool](bool)
    served_hits = []
    for hit in hits:
        if hit.catalog in answers[hit.canonical_name] and not seen[hit.canonical_name]:
            seen[hit.canonical_name] = True
            served_hits.append(hit)
    return len(served_hits), served_hits[paging.offset : paging.offset + paging.per_page]


def _object(
    registry: Registry,
    served: ServedCatalog,
    entry: CatalogEntry,
    summary: CrateSummary | None,
    query: SearchQuery,
    totals: CrateTotals | None,
) -> CrateObject:
    name = canonical_name("_".join(query.text.split()))
    return CrateObject(
        name=entry.name,
        max_version=summary.max_version if summary else entry.max_version,
        max_stable_version=summary.max_stable if summary else entry.max_stable,
        newest_version=summary.newest if summary else entry.newest_version,
        default_version=summary.default.vers if summary else entry.default_version,
        num_versions=summary.num_versions if summary else entry.num_versions,
        yanked=summary.yanked if summary else entry.yanked,
        created_at=summary.created_at if summary else entry.created_at,
        updated_at=summary.updated_at if summary else entry.updated_at,
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
