"""Search: which crates of some catalogs match, in which order, and their fields in the response."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_cargo.app.queries.text_search import (
    COUNTED,
    ORDERS,
    SHOWN,
    columns_for,
    literal,
    text_statement,
    text_values,
)
from pulp_cargo.app.runtime import statements
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.web_api.search import SearchQuery, Sort
from pulp_cargo.rules.crates_io import known_categories

DOWNLOADS = """
    LEFT JOIN cargo_cratedownloads d
        ON d.distribution_id = %(distribution)s AND d.canonical_name = c.canonical_name
"""
# All crates that meet conditions, without a text.
FILTERED = """
    WITH hits AS MATERIALIZED (
        SELECT {columns}, {usage}, 0 AS rank FROM cargo_catalogcrate c {joins} WHERE {conditions}
    )
    SELECT total.count, page.id, page.catalog_id, page.canonical_name
    FROM (SELECT count(*) FROM hits) total LEFT JOIN (
        SELECT * FROM hits ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
"""
# Without conditions, pages in these orders are read from an index, whatever a catalog has.
INDEXED = frozenset([Sort.ALPHABETICAL, Sort.NEW, Sort.RECENT_UPDATES])
SIZE = """
    SELECT coalesce(sum(crates), 0)::bigint AS count FROM cargo_cratecatalog
    WHERE id = ANY(%(catalogs)s::bigint[])
"""
LISTED = f"""
    SELECT total.count, page.id, page.catalog_id, page.canonical_name
    FROM ({SIZE}) total LEFT JOIN (
        SELECT first.* FROM unnest(%(catalogs)s::bigint[]) catalog CROSS JOIN LATERAL (
            SELECT id, catalog_id, canonical_name, created_at, updated_at
            FROM cargo_catalogcrate c WHERE catalog_id = catalog AND {SHOWN}
            ORDER BY {{order}} LIMIT %(most)s
        ) first ORDER BY {{order}} LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
"""
ENTRY = f"""
    SELECT c.id, c.catalog_id, c.canonical_name, c.name, c.max_version, c.max_stable,
        c.newest_version, c.default_version, c.num_versions, c.yanked, c.created_at, c.updated_at,
        c.description, c.keywords, c.categories, unit.homepage, unit.documentation,
        unit.repository_url, coalesce(d.downloads, 0), coalesce(d.recent, 0)
    FROM cargo_catalogcrate c LEFT JOIN cargo_cratecontent unit ON unit.content_ptr_id = c.unit
    {DOWNLOADS}
"""
ENTRIES = f"{ENTRY} WHERE c.id = ANY(%(ids)s::bigint[])"
# The page of a search with its entries, so that both need one statement only.
WITH_ENTRIES = f"""
    SELECT found.count, entry.* FROM ({{statement}}) found (count, id, catalog_id, canonical_name)
    LEFT JOIN LATERAL ({ENTRY} WHERE c.id = found.id OFFSET 0) entry ON true
"""
PLACES = """
    SELECT c.canonical_name, c.catalog_id FROM cargo_catalogcrate c
    WHERE c.catalog_id = ANY(%(catalogs)s::bigint[])
    AND c.canonical_name = ANY(%(names)s::text[])
"""
NAMED = f"""
    SELECT c.id, c.catalog_id, c.canonical_name
    FROM unnest(%(names)s::text[]) WITH ORDINALITY wanted (name, place)
    JOIN cargo_catalogcrate c ON c.canonical_name = wanted.name AND {SHOWN}
        AND c.catalog_id = ANY(%(catalogs)s::bigint[])
    ORDER BY wanted.place, array_position(%(catalogs)s::bigint[], c.catalog_id)
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A crate of a catalog that matches."""

    id: int
    catalog: int
    canonical_name: str


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """What a catalog has of a crate, and how often a registry's crate of that name was downloaded."""

    id: int
    catalog: int
    canonical_name: str
    name: str
    max_version: str
    max_stable: str
    newest_version: str
    default_version: str
    num_versions: int
    yanked: bool
    created_at: datetime
    updated_at: datetime
    description: str | None
    keywords: list[str]
    categories: list[str]
    homepage: str | None
    documentation: str | None
    repository: str | None
    downloads: int
    recent_downloads: int


def search(
    distribution: UUID,
    catalogs: Sequence[int],
    query: SearchQuery,
    *,
    limit: int,
    offset: int,
) -> tuple[int, list[Hit]]:
    """Return how many crates of the catalogs match, and a page of them in the query's order.

    By relevance, hits are in the order of their catalogs, after crates whose name is the text, and
    of those whose names do not begin with it, more than `MOST_BY_WORDS` may not be counted.
    """
    statement, values = _statement(distribution, catalogs, query, limit, offset)
    rows = statements.ask(statement, values).fetch()
    return rows[0][0], [Hit(*row[1:]) for row in rows if row[1] is not None]


def search_entries(
    distribution: UUID,
    catalogs: Sequence[int],
    query: SearchQuery,
    *,
    limit: int,
    offset: int,
) -> tuple[int, list[CatalogEntry]]:
    """Return the same as `search`, with the catalog entries of the page."""
    statement, values = _statement(distribution, catalogs, query, limit, offset)
    rows = statements.ask(WITH_ENTRIES.format(statement=statement), values).fetch()
    return rows[0][0], [CatalogEntry(*row[1:]) for row in rows if row[1] is not None]


def size_of(catalogs: Sequence[int]) -> int:
    """Return how many crates catalogs have; one that two of them have counts twice."""
    ((count,),) = statements.ask(SIZE, {"catalogs": list(catalogs)}).fetch()
    return int(count)


def hits_named(catalogs: Sequence[int], names: Sequence[str]) -> list[Hit]:
    """Return the crates of these canonical names, in the order of the names and of the catalogs."""
    rows = statements.ask(NAMED, {"catalogs": list(catalogs), "names": list(names)}).fetch()
    return [Hit(*row) for row in rows]


def entries(distribution: UUID, hits: Collection[Hit]) -> list[CatalogEntry]:
    """Return the catalog entries of some hits, in their order."""
    if not hits:
        return []
    values = {"distribution": distribution, "ids": [hit.id for hit in hits]}
    found = {row[0]: CatalogEntry(*row) for row in statements.ask(ENTRIES, values).fetch()}
    return [found[hit.id] for hit in hits if hit.id in found]


def places(catalogs: Collection[int], names: Collection[str]) -> dict[str, set[int]]:
    """Return which of the catalogs have crates of these canonical names."""
    found: dict[str, set[int]] = {name: set() for name in names}
    values = {"catalogs": list(catalogs), "names": list(names)}
    for name, catalog in statements.ask(PLACES, values).fetch():
        found[name].add(catalog)
    return found


def _statement(
    distribution: UUID, catalogs: Sequence[int], query: SearchQuery, limit: int, offset: int
) -> tuple[str, dict[str, object]]:
    """Return the statement for a page of hits, and its values."""
    conditions, values = _conditions(query)
    values |= {"catalogs": list(catalogs), "catalog": catalogs[0] if catalogs else None}
    values |= {"distribution": distribution, "limit": limit, "offset": offset}
    values |= {"most": limit + offset}
    if query.text:
        values |= text_values(query, limit + offset)
        return text_statement(query, conditions, is_one=len(catalogs) == 1), values
    if not conditions and query.sort in INDEXED:
        return LISTED.format(order=ORDERS[query.sort]), values
    return _filtered(query, conditions), values


def _filtered(query: SearchQuery, conditions: Sequence[str]) -> str:
    """Return the statement for a search without a text."""
    counted = COUNTED.get(query.sort)
    return FILTERED.format(
        columns=columns_for(query.sort),
        usage=f"coalesce(d.{counted}, 0) AS {counted}" if counted else "0",
        joins=DOWNLOADS if counted else "",
        conditions=_all_of(conditions),
        order=ORDERS[query.sort],
    )


def _all_of(conditions: Sequence[str]) -> str:
    return " AND ".join(["c.catalog_id = ANY(%(catalogs)s::bigint[])", SHOWN, *conditions])


def _conditions(query: SearchQuery) -> tuple[list[str], dict[str, object]]:
    """Return the conditions for all but catalogs and text, with their values."""
    conditions, values = list[str](), dict[str, object]()
    if query.keywords:
        conditions.append("c.keywords @> %(keywords)s::text[]")
        values["keywords"] = list(query.keywords)
    if query.category:
        conditions.append("c.categories && %(categories)s::text[]")
        within = f"{query.category}::"
        below = [slug for slug in known_categories() if slug.startswith(within)]
        values["categories"] = [query.category, *below]
    if query.letter:
        conditions.append("c.canonical_name LIKE %(letter)s")
        values["letter"] = f"{literal(canonical_name(query.letter))}%"
    if query.ids:
        conditions.append("c.canonical_name = ANY(%(names)s::text[])")
        values["names"] = [canonical_name(one) for one in query.ids]
    if not query.include_yanked:
        conditions.append("NOT c.yanked")
    return conditions, values
