"""The keywords and categories of catalogs, which are counted when a catalog changes.

With several catalogs, a crate that two of them have counts twice.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from pulp_cargo.app.runtime.rows import rows_with_bound_values
from pulp_cargo.protocol.web_api.search import Paging
from pulp_cargo.protocol.web_api.tags import Tag, TagSort

Kind = Literal["keywords", "categories"]

# Of one catalog, a page is read from an index.
TAGS = """
    SELECT (SELECT {kind} FROM cargo_cratecatalog WHERE id = %(catalog)s), page.*
    FROM (VALUES (1)) one LEFT JOIN (
        SELECT tag, crates, created_at FROM cargo_catalogtag
        WHERE catalog_id = %(catalog)s AND kind = %(kind)s
        ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
"""
TAGS_OF_SEVERAL = """
    WITH tags AS MATERIALIZED (
        SELECT tag, sum(crates)::bigint AS crates, min(created_at) AS created_at
        FROM cargo_catalogtag
        WHERE catalog_id = ANY(%(catalogs)s::bigint[]) AND kind = %(kind)s GROUP BY tag
    )
    SELECT (SELECT count(*) FROM tags), page.* FROM (VALUES (1)) one LEFT JOIN (
        SELECT * FROM tags ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
"""
ORDERS = {TagSort.ALPHABETICAL: "tag", TagSort.CRATES: "crates DESC, tag"}
NAMED = """
    SELECT tag, sum(crates)::bigint, min(created_at) FROM cargo_catalogtag
    WHERE catalog_id = ANY(%(catalogs)s::bigint[]) AND kind = %(kind)s
    AND tag = ANY(%(texts)s::text[]) GROUP BY tag
"""


def tags(
    kind: Kind, catalogs: Sequence[int], paging: Paging, sort: TagSort
) -> tuple[int, list[Tag]]:
    """Return how many keywords or categories there are, and a page of them."""
    values: dict[str, object] = {"kind": kind, "limit": paging.per_page, "offset": paging.offset}
    if len(catalogs) == 1:
        statement = TAGS
        values["catalog"] = catalogs[0]
    else:
        statement = TAGS_OF_SEVERAL
        values["catalogs"] = list(catalogs)
    rows = rows_with_bound_values(statement.format(kind=kind, order=ORDERS[sort]), values)
    return rows[0][0], [Tag(*row[1:]) for row in rows if row[1] is not None]


def tags_named(kind: Kind, catalogs: Sequence[int], texts: Collection[str]) -> Mapping[str, Tag]:
    """Return those of some keywords or categories that crates have, by their texts."""
    if not texts:
        return {}
    values = {"catalogs": list(catalogs), "kind": kind, "texts": list(texts)}
    return {row[0]: Tag(*row) for row in rows_with_bound_values(NAMED, values)}
