"""Search: which crates of some catalogs match, in which order, and their fields in the response."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_cargo.app.runtime import statements
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.web_api.search import SearchQuery, Sort
from pulp_cargo.rules.crates_io import known_categories
from pulp_cargo.rules.search_words import slips_of

# Text in English is stemmed; names and identifiers are searched as they are. There are no operators:
# who searches for an option such as `--release` does not want all crates without that word.
TERMS = "plainto_tsquery('english', %(text)s) || plainto_tsquery('simple', %(text)s)"
# By relevance, so many crates are read that have the words without having the text in their name:
# nearly all readmes have the most frequent words. Those that have them in name, keywords or
# description are all read for a page that they can be on, unless names of the first catalog fill it.
MOST_BY_WORDS = 2_000
# Typing errors are looked for if fewer crates than these match by name, keywords or description.
ENOUGH = 10
# The classes of hits: 0 the name itself, 1 names that begin with it, 2 names that contain it, 3 words
# in name, keywords or description (`heading`), 4 names of which the text is a slip of the finger,
# 5 names that are similar (`%`, by which an index finds other typing errors), 6 words in the readme.
# Each query reads one index, and leaves out the hits of those before. `worded` has the classes 3 and
# 6, because reading the crates of either takes longer than anything else. Of the hits, only those of
# ranks that reach the page are sorted.
FOUND = """
    WITH terms AS MATERIALIZED (
        SELECT {terms} AS words
    ), named AS MATERIALIZED (
        SELECT {columns}, CASE WHEN c.canonical_name = %(name)s THEN 0
            WHEN c.canonical_name LIKE %(begins)s THEN 1 ELSE 2 END AS class
        FROM cargo_catalogcrate c WHERE {conditions} AND {is_named}
    ), worded AS MATERIALIZED (
        SELECT {columns}, CASE WHEN c.heading @@ (SELECT words FROM terms) THEN 3 ELSE 6 END AS class
        FROM cargo_catalogcrate c
        WHERE {conditions} AND NOT {is_named} AND c.document @@ (SELECT words FROM terms)
        LIMIT %(by_words)s
    ), described AS MATERIALIZED (
        SELECT {columns}, 3 AS class FROM cargo_catalogcrate c
        WHERE (SELECT count(*) FROM worded) = %(by_words)s
        AND (SELECT count(*) FROM named WHERE catalog_id = (%(catalogs)s::bigint[])[1])
            < %(limit)s + %(offset)s
        AND {conditions} AND NOT {is_named} AND c.heading @@ (SELECT words FROM terms)
        AND NOT EXISTS (SELECT FROM worded WHERE worded.id = c.id)
    ), by_heading AS MATERIALIZED (
        TABLE described UNION ALL SELECT * FROM worded WHERE class = 3
    ), slipped AS MATERIALIZED (
        SELECT {columns}, 4 AS class FROM cargo_catalogcrate c
        WHERE c.canonical_name = ANY(%(slips)s::text[]) AND {is_left}
    ), alike AS MATERIALIZED (
        TABLE slipped UNION ALL SELECT {columns}, 5 AS class FROM cargo_catalogcrate c
        WHERE c.canonical_name %% %(name)s AND {is_left}
        AND NOT EXISTS (SELECT FROM slipped WHERE slipped.id = c.id)
    ), hits AS MATERIALIZED (
        SELECT c.*, {rank} AS rank FROM (
            TABLE named UNION ALL TABLE by_heading UNION ALL TABLE alike
            UNION ALL SELECT * FROM worded WHERE class = 6
            AND NOT EXISTS (SELECT FROM alike WHERE alike.id = worded.id)
        ) c
    ), counts AS MATERIALIZED (
        SELECT rank, count(*) AS crates FROM hits GROUP BY rank
    ), reached AS MATERIALIZED (
        SELECT min(rank) AS rank
        FROM (SELECT rank, sum(crates) OVER (ORDER BY rank) AS crates FROM counts) upto
        WHERE crates >= %(limit)s + %(offset)s
    )
    SELECT (SELECT coalesce(sum(crates), 0)::bigint FROM counts),
        page.id, page.catalog_id, page.canonical_name
    FROM (VALUES (1)) one LEFT JOIN (
        SELECT c.*, {usage} FROM hits c
        WHERE coalesce(c.rank <= (SELECT rank FROM reached), true)
        ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
"""
COLUMNS = "c.id, c.catalog_id, c.canonical_name, c.updated_at, c.created_at"
# A crate that can have a typing error, if few others match.
IS_LEFT = """{conditions} AND NOT {is_named}
        AND (SELECT count(*) FROM named) + (SELECT count(*) FROM by_heading) < %(enough)s
        AND NOT EXISTS (SELECT FROM by_heading WHERE by_heading.id = c.id)"""
IS_NAMED = "c.canonical_name LIKE %(contains)s"
IS_NAMED_SHORTLY = "(c.canonical_name LIKE %(begins)s OR c.canonical_name LIKE %(contains)s)"
# After the crate of just that name, hits are in the order of their catalogs: private ones first.
RANK = "CASE c.class WHEN 0 THEN 0 ELSE 10 * {position} + c.class END"
POSITION = "array_position(%(catalogs)s::bigint[], c.catalog_id)"
# Read hit by hit: a join may read the downloads of all crates.
USAGE_OF_HIT = """coalesce((
    SELECT d.{column} FROM cargo_cratedownloads d
    WHERE d.distribution_id = %(distribution)s AND d.canonical_name = c.canonical_name
), 0) AS {column}"""
ORDERS: Mapping[Sort, str] = {
    Sort.RELEVANCE: "rank, downloads DESC, canonical_name",
    Sort.ALPHABETICAL: "canonical_name",
    Sort.DOWNLOADS: "downloads DESC, canonical_name",
    Sort.RECENT_DOWNLOADS: "recent DESC, canonical_name",
    Sort.RECENT_UPDATES: "updated_at DESC, canonical_name",
    Sort.NEW: "created_at DESC, canonical_name",
}
# The counts of downloads by which hits are sorted.
COUNTED: Mapping[Sort, str] = {
    Sort.RELEVANCE: "downloads",
    Sort.DOWNLOADS: "downloads",
    Sort.RECENT_DOWNLOADS: "recent",
}
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
# Crates of which crate policies refuse all versions are not shown.
SHOWN = "c.num_versions > 0"
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
    of those that have its words elsewhere, more than `MOST_BY_WORDS` may not be counted.
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
    values |= {"catalogs": list(catalogs), "limit": limit, "offset": offset}
    values |= {"distribution": distribution, "most": limit + offset}
    if query.text:
        values |= _text(query)
        return _found(query, conditions, is_one=len(catalogs) == 1), values
    if not conditions and query.sort in INDEXED:
        return LISTED.format(order=ORDERS[query.sort]), values
    return _filtered(query, conditions), values


def _found(query: SearchQuery, conditions: Sequence[str], *, is_one: bool) -> str:
    """Return the statement for a search with a text."""
    is_by_relevance = query.sort is Sort.RELEVANCE
    counted = COUNTED.get(query.sort)
    is_named = IS_NAMED_SHORTLY if _is_short(query) else IS_NAMED
    every = _all_of(conditions)
    return FOUND.format(
        terms=TERMS,
        columns=COLUMNS,
        conditions=every,
        is_named=is_named,
        is_left=IS_LEFT.format(conditions=every, is_named=is_named),
        rank=RANK.format(position="1" if is_one else POSITION) if is_by_relevance else "0",
        usage=USAGE_OF_HIT.format(column=counted) if counted else "0",
        order=ORDERS[query.sort],
    )


def _filtered(query: SearchQuery, conditions: Sequence[str]) -> str:
    """Return the statement for a search without a text."""
    counted = COUNTED.get(query.sort)
    return FILTERED.format(
        columns=COLUMNS,
        usage=f"coalesce(d.{counted}, 0) AS {counted}" if counted else "0",
        joins=DOWNLOADS if counted else "",
        conditions=_all_of(conditions),
        order=ORDERS[query.sort],
    )


def _all_of(conditions: Sequence[str]) -> str:
    return " AND ".join(["c.catalog_id = ANY(%(catalogs)s::bigint[])", SHOWN, *conditions])


def _text(query: SearchQuery) -> dict[str, object]:
    """Return the values by which a text is found."""
    name = _name(query)
    # The trigram index finds three letters anywhere in a name; fewer must begin a part of it.
    inner = "%\\_" if _is_short(query) else "%"
    return {
        "text": query.text,
        "name": name,
        "begins": f"{_literal(name)}%",
        "contains": f"{inner}{_literal(name)}%",
        "slips": slips_of(name),
        "enough": ENOUGH,
        "by_words": MOST_BY_WORDS if query.sort is Sort.RELEVANCE else None,
    }


def _name(query: SearchQuery) -> str:
    """Return the text as if it were the name of a crate."""
    return canonical_name("_".join(query.text.split()))


def _is_short(query: SearchQuery) -> bool:
    return len(_name(query)) <= 2


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
