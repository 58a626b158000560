"""The statement for a search with a text, which reads one index per kind of match.

Names and words are in indexes that begin with the catalog, so a small one does not pay for a large
one in the same table.
"""

from collections.abc import Mapping, Sequence

from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.web_api.search import SearchQuery, Sort
from pulp_cargo.rules.typing_errors import least_similarity, slips_of

# Text in English is stemmed; names and identifiers are searched as they are. There are no operators:
# who searches for an option such as `--release` does not want all crates without that word.
TERMS = "plainto_tsquery('english', %(text)s) || plainto_tsquery('simple', %(text)s)"
# By relevance, so many crates are counted whose names do not begin with the text, if the hits before
# them fill the page: the most frequent words are in nearly all readmes, and many are in thousands of
# names.
MOST_BY_WORDS = 2_000
# Typing errors are looked for if fewer crates than these match by name, keywords or description.
ENOUGH = 10
# The classes of hits: 0 the name itself, 1 names that begin with it, 2 names that contain it, 3 words
# in name, keywords or description (`heading`), 4 names of which the text is a slip of the finger,
# 5 names that are similar (`%`, by which an index finds other typing errors), 6 words in the readme.
# Each query reads one index, and leaves out the hits of those before. By relevance, a class is only
# counted (`…_unread`) if those before it fill the page with crates of the first catalog. Of the hits,
# only those of ranks that reach the page are sorted. `NOT IN` lets a limit end a query early, unlike
# a join.
FOUND = """
    WITH terms AS MATERIALIZED (
        SELECT {terms} AS words, %(name)s AS name,
            set_config('pg_trgm.similarity_threshold', %(similarity)s, true)
    ), begun AS MATERIALIZED (
        SELECT {columns}, CASE WHEN c.canonical_name = %(name)s THEN 0 ELSE 1 END AS class
        FROM {begun}
    ), begun_number AS MATERIALIZED (
        SELECT count(*) AS crates, count(*) FILTER (WHERE {is_first}) AS first FROM begun
    ), named AS MATERIALIZED (
        SELECT {columns}, 2 AS class FROM {named}
        AND (SELECT first FROM begun_number) < %(needed)s
    ), named_unread AS MATERIALIZED (
        SELECT count(*) AS crates FROM (
            SELECT FROM {named} AND (SELECT first FROM begun_number) >= %(needed)s
            LIMIT %(by_words)s
        ) unread
    ), named_number AS MATERIALIZED (
        SELECT begun_number.crates + named_unread.crates + here.crates AS crates,
            begun_number.first + here.first AS first
        FROM begun_number, named_unread, (
            SELECT count(*) AS crates, count(*) FILTER (WHERE {is_first}) AS first FROM named
        ) here
    ), described AS MATERIALIZED (
        SELECT {columns}, 3 AS class FROM {described}
        AND (SELECT first FROM named_number) < %(needed)s
    ), described_number AS MATERIALIZED (
        SELECT count(*) AS crates,
            count(*) FILTER (WHERE {is_first}) + (SELECT first FROM named_number) AS first
        FROM described
    ), slipped AS MATERIALIZED (
        SELECT {columns}, 4 AS class FROM {slipped} AND {is_left}
    ), alike AS MATERIALIZED (
        TABLE slipped UNION ALL SELECT {columns}, 5 AS class FROM {alike} AND {is_left}
        AND c.id NOT IN (SELECT id FROM slipped)
    ), worded AS MATERIALIZED (
        SELECT {columns}, 6 AS class FROM {worded}
        AND (SELECT first FROM described_number) < %(needed)s
        AND c.id NOT IN (SELECT id FROM described) AND c.id NOT IN (SELECT id FROM alike)
        LIMIT %(by_words)s
    ), worded_unread AS MATERIALIZED (
        SELECT count(*) AS crates FROM (
            SELECT FROM {worded} AND (SELECT first FROM described_number) >= %(needed)s
            AND c.id NOT IN (SELECT id FROM described) AND c.id NOT IN (SELECT id FROM alike)
            LIMIT (
                SELECT greatest(%(by_words)s - named_unread.crates - described_number.crates, 0)
                FROM named_unread, described_number
            )
        ) unread
    ), hits AS MATERIALIZED (
        SELECT c.*, {rank} AS rank FROM (
            TABLE begun UNION ALL TABLE named UNION ALL TABLE described UNION ALL TABLE alike
            UNION ALL TABLE worded
        ) c
    ), counts AS MATERIALIZED (
        SELECT rank, count(*) AS crates FROM hits GROUP BY rank
    ), reached AS MATERIALIZED (
        SELECT min(rank) AS rank
        FROM (SELECT rank, sum(crates) OVER (ORDER BY rank) AS crates FROM counts) upto
        WHERE crates >= %(limit)s + %(offset)s
    )
    SELECT (SELECT coalesce(sum(crates), 0)::bigint FROM counts)
            + (SELECT crates FROM named_unread) + (SELECT crates FROM worded_unread),
        page.id, page.catalog_id, page.canonical_name
    FROM (VALUES (1)) one LEFT JOIN (
        SELECT c.*, {usage} FROM hits c {joins}
        WHERE coalesce(c.rank <= (SELECT rank FROM reached), true)
        ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
"""
# The crates that meet conditions; of several catalogs, those of each are found on their own.
OF_ONE = "cargo_catalogcrate c WHERE c.catalog_id = %(catalog)s::bigint AND {conditions}"
OF_EACH = """
    unnest(%(catalogs)s::bigint[]) catalog CROSS JOIN LATERAL (
        SELECT {columns} FROM cargo_catalogcrate c
        WHERE c.catalog_id = catalog AND {conditions} OFFSET 0
    ) c WHERE true
"""
# A crate that the text may be an error for, since few others match.
IS_LEFT = """(SELECT crates FROM named_number) + (SELECT crates FROM described_number) < %(enough)s
        AND c.id NOT IN (SELECT id FROM described)"""
# Crates of which crate policies refuse all versions are not shown.
SHOWN = "c.num_versions > 0"
IS_FIRST = "catalog_id = (%(catalogs)s::bigint[])[1]"
# Byte by byte, so that an index finds beginnings whatever the collation of the database is.
BEGINS = "c.canonical_name ~>=~ %(name)s AND c.canonical_name ~<~ %(after)s"
IS_NAMED = "c.canonical_name LIKE %(contains)s"
IS_NAMED_SHORTLY = "(c.canonical_name LIKE %(begins)s OR c.canonical_name LIKE %(contains)s)"
HAS_HEADING = "c.heading @@ (SELECT words FROM terms)"
HAS_WORDS = "c.document @@ (SELECT words FROM terms)"
IS_SLIP = "c.canonical_name = ANY(%(slips)s::text[])"
IS_ALIKE = "c.canonical_name %% (SELECT name FROM terms)"
# These and the conditions of `begun` are in one index; other columns are only read for some orders.
COLUMNS = "c.id, c.catalog_id, c.canonical_name"
MORE_COLUMNS: Mapping[Sort, str] = {
    Sort.RECENT_UPDATES: ", c.updated_at",
    Sort.NEW: ", c.created_at",
}
# After the crate of just that name, hits are in the order of their catalogs: private ones first.
RANK = "CASE c.class WHEN 0 THEN 0 ELSE 10 * {position} + c.class END"
POSITION = "array_position(%(catalogs)s::bigint[], c.catalog_id)"
# Read hit by hit: another join may read the downloads of all crates.
DOWNLOADS_OF_HIT = """
    LEFT JOIN LATERAL (
        SELECT d.downloads, d.recent FROM cargo_cratedownloads d
        WHERE d.distribution_id = %(distribution)s AND d.canonical_name = c.canonical_name OFFSET 0
    ) d ON true
"""
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
# By other orders than relevance, each hit may be on the page.
ALL = 2**31 - 1


def text_statement(query: SearchQuery, conditions: Sequence[str], *, is_one: bool) -> str:
    """Return the statement for a page of the crates with a text that meet conditions.

    `is_one` is whether it searches one catalog.
    """
    is_by_relevance = query.sort is Sort.RELEVANCE
    counted = COUNTED.get(query.sort)
    columns = columns_for(query.sort)
    is_named = IS_NAMED_SHORTLY if _is_short(query) else IS_NAMED

    def crates(*matches: str) -> str:
        everything = " AND ".join([SHOWN, *conditions, *matches])
        return (OF_ONE if is_one else OF_EACH).format(columns=columns, conditions=everything)

    return FOUND.format(
        terms=TERMS,
        columns=columns,
        is_first=IS_FIRST,
        begun=crates(BEGINS),
        named=crates(is_named, f"NOT ({BEGINS})"),
        described=crates(f"NOT {is_named}", HAS_HEADING),
        slipped=crates(f"NOT {is_named}", IS_SLIP),
        alike=crates(f"NOT {is_named}", IS_ALIKE),
        is_left=IS_LEFT,
        worded=crates(f"NOT {is_named}", HAS_WORDS),
        rank=RANK.format(position="1" if is_one else POSITION) if is_by_relevance else "0",
        usage=f"coalesce(d.{counted}, 0) AS {counted}" if counted else "0",
        joins=DOWNLOADS_OF_HIT if counted else "",
        order=ORDERS[query.sort],
    )


def text_values(query: SearchQuery, last: int) -> dict[str, object]:
    """Return the values of the statement for a page that ends with the hit of number `last`."""
    name, is_by_relevance = _name(query), query.sort is Sort.RELEVANCE
    # The trigram index finds three letters anywhere in a name; fewer must begin a part of it.
    inner = "%\\_" if _is_short(query) else "%"
    return {
        "text": query.text,
        "name": name,
        # Names have ASCII letters, digits and underscores, which `~` follows.
        "after": f"{name}~",
        "begins": f"{literal(name)}%",
        "contains": f"{inner}{literal(name)}%",
        "slips": slips_of(name),
        "similarity": str(least_similarity(name)),
        "enough": ENOUGH,
        "needed": last if is_by_relevance else ALL,
        "by_words": MOST_BY_WORDS if is_by_relevance else ALL,
    }


def columns_for(sort: Sort) -> str:
    """Return the columns of hits that are sorted in an order."""
    return COLUMNS + MORE_COLUMNS.get(sort, "")


def literal(text: str) -> str:
    """Return text with the wildcards of LIKE escaped."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _name(query: SearchQuery) -> str:
    """Return the text as if it were the name of a crate."""
    return canonical_name("_".join(query.text.split()))


def _is_short(query: SearchQuery) -> bool:
    return len(_name(query)) <= 2
