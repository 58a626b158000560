"""Search: which crates of some catalogs match, in which order, and their fields in the response."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_cargo.app.runtime.rows import rows_with_bound_values
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.web_api.search import SearchQuery, Sort
from pulp_cargo.rules.crates_io import known_categories

# Text in English is stemmed; names and identifiers are searched as they are.
TERMS = "websearch_to_tsquery('english', %(text)s) || websearch_to_tsquery('simple', %(text)s)"
# `%` is the similarity of trigrams, by which an index finds names with a typing error.
MATCHES = f"""(
    c.canonical_name LIKE %(contains)s OR c.canonical_name %% %(name)s OR c.document @@ ({TERMS})
)"""
# The classes of hits: the name itself, names that begin with it, names that contain it, words in
# name, keywords or description, names that are similar, words in the readme.
CLASS = f"""
    CASE WHEN c.canonical_name = %(name)s THEN 0
    WHEN c.canonical_name LIKE %(begins)s THEN 1
    WHEN c.canonical_name LIKE %(contains)s THEN 2
    WHEN c.heading @@ ({TERMS}) THEN 3
    WHEN c.canonical_name %% %(name)s THEN 4
    ELSE 5 END
"""
ORDERS: Mapping[Sort, str] = {
    Sort.RELEVANCE: "(class > 0), position, class, downloads DESC, canonical_name",
    Sort.ALPHABETICAL: "canonical_name",
    Sort.DOWNLOADS: "downloads DESC, canonical_name",
    Sort.RECENT_DOWNLOADS: "recent DESC, canonical_name",
    Sort.RECENT_UPDATES: "updated_at DESC, canonical_name",
    Sort.NEW: "created_at DESC, canonical_name",
}
USAGE = "coalesce(d.downloads, 0) AS downloads, coalesce(d.recent, 0) AS recent"
USAGE_OF = """
    LEFT JOIN cargo_cratedownloads d
        ON d.distribution_id = %(distribution)s AND d.canonical_name = c.canonical_name
"""
# `position` is the place of a catalog among those that are searched: private ones come first.
HITS = """
    WITH hits AS MATERIALIZED (
        SELECT c.id, c.catalog_id, c.canonical_name, c.updated_at, c.created_at,
            {usage}, {position} AS position, {rank} AS class
        FROM cargo_catalogcrate c {joins}
        WHERE c.catalog_id = ANY(%(catalogs)s::bigint[]) AND {conditions}
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
            FROM cargo_catalogcrate WHERE catalog_id = catalog
            ORDER BY {{order}} LIMIT %(most)s
        ) first ORDER BY {{order}} LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
"""
CRATES = """
    SELECT c.id, c.catalog_id, c.canonical_name, c.name, c.max_version, c.max_stable,
        c.newest_version, c.default_version, c.num_versions, c.yanked, c.created_at, c.updated_at,
        c.description, c.keywords, c.categories, unit.homepage, unit.documentation,
        unit.repository_url
    FROM cargo_catalogcrate c LEFT JOIN cargo_cratecontent unit ON unit.content_ptr_id = c.unit
    WHERE c.id = ANY(%(ids)s::bigint[])
"""
PLACES = """
    SELECT c.canonical_name, c.catalog_id FROM cargo_catalogcrate c
    WHERE c.catalog_id = ANY(%(catalogs)s::bigint[])
    AND c.canonical_name = ANY(%(names)s::text[])
"""
NAMED = """
    SELECT c.id, c.catalog_id, c.canonical_name
    FROM unnest(%(names)s::text[]) WITH ORDINALITY wanted (name, place)
    JOIN cargo_catalogcrate c ON c.canonical_name = wanted.name
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
    """What a catalog has of a crate."""

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


def search(
    distribution: UUID,
    catalogs: Sequence[int],
    query: SearchQuery,
    *,
    limit: int,
    offset: int,
) -> tuple[int, list[Hit]]:
    """Return how many crates of the catalogs match, and a page of them in the query's order.

    By relevance, hits are in the order of their catalogs, after crates whose name is the text.
    """
    conditions, values = _conditions(query)
    values |= {"catalogs": list(catalogs), "limit": limit, "offset": offset}
    if not conditions and query.sort in INDEXED:
        rows = rows_with_bound_values(
            LISTED.format(order=ORDERS[query.sort]), values | {"most": limit + offset}
        )
        return rows[0][0], [Hit(*row[1:]) for row in rows if row[1] is not None]
    position = "array_position(%(catalogs)s::bigint[], c.catalog_id)"
    by_usage = "downloads" in ORDERS[query.sort] or "recent" in ORDERS[query.sort]
    statement = HITS.format(
        usage=USAGE if by_usage else "0 AS downloads, 0 AS recent",
        joins=USAGE_OF if by_usage else "",
        position=position if len(catalogs) > 1 else "1",
        rank=CLASS if query.text and query.sort is Sort.RELEVANCE else "0",
        conditions=" AND ".join(["true", *conditions]),
        order=ORDERS[query.sort],
    )
    rows = rows_with_bound_values(statement, values | {"distribution": distribution})
    return rows[0][0], [Hit(*row[1:]) for row in rows if row[1] is not None]


def size_of(catalogs: Sequence[int]) -> int:
    """Return how many crates catalogs have; one that two of them have counts twice."""
    ((count,),) = rows_with_bound_values(SIZE, {"catalogs": list(catalogs)})
    return int(count)


def hits_named(catalogs: Sequence[int], names: Sequence[str]) -> list[Hit]:
    """Return the crates of these canonical names, in the order of the names and of the catalogs."""
    rows = rows_with_bound_values(NAMED, {"catalogs": list(catalogs), "names": list(names)})
    return [Hit(*row) for row in rows]


def entries(hits: Collection[Hit]) -> dict[int, CatalogEntry]:
    """Return the catalog entries of some hits, by id."""
    if not hits:
        return {}
    rows = rows_with_bound_values(CRATES, {"ids": [hit.id for hit in hits]})
    return {row[0]: CatalogEntry(*row) for row in rows}


def places(catalogs: Collection[int], names: Collection[str]) -> dict[str, set[int]]:
    """Return which of the catalogs have crates of these canonical names."""
    found: dict[str, set[int]] = {name: set() for name in names}
    values = {"catalogs": list(catalogs), "names": list(names)}
    for name, catalog in rows_with_bound_values(PLACES, values):
        found[name].add(catalog)
    return found


def _conditions(query: SearchQuery) -> tuple[list[str], dict[str, object]]:
    conditions, values = list[str](), dict[str, object]()
    if query.text:
        conditions.append(MATCHES)
        name = canonical_name("_".join(query.text.split()))
        values |= {"text": query.text, "name": name, "begins": f"{_literal(name)}%"}
        # The trigram index finds three letters anywhere in a name; fewer must begin a part of it.
        inner = "%" if len(name) > 2 else "%\\_"
        values["contains"] = f"{inner}{_literal(name)}%"
        if len(name) <= 2:
            conditions[-1] = f"(c.canonical_name LIKE %(begins)s OR {MATCHES})"
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
        values["letter"] = f"{_literal(canonical_name(query.letter))}%"
    if query.ids:
        conditions.append("c.canonical_name = ANY(%(names)s::text[])")
        values["names"] = [canonical_name(one) for one in query.ids]
    if not query.include_yanked:
        conditions.append("NOT c.yanked")
    return conditions, values


def _literal(text: str) -> str:
    """Return text with the wildcards of LIKE escaped."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
