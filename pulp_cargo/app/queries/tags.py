"""The keywords and categories of catalogs, and the totals of a registry."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal
from uuid import UUID

from pulp_cargo.app.runtime.rows import rows_with_bound_values
from pulp_cargo.protocol.web_api.search import Paging
from pulp_cargo.protocol.web_api.tags import Tag, TagSort

Kind = Literal["keywords", "categories"]

TAGS = """
    WITH tags AS (
        SELECT tag, count(DISTINCT c.canonical_name) AS crates, min(c.created_at) AS created_at
        FROM cargo_catalogcrate c CROSS JOIN unnest(c.{kind}) tag
        WHERE c.catalog_id = ANY(%(catalogs)s::bigint[]) GROUP BY tag
    )
    SELECT (SELECT count(*) FROM tags), page.* FROM (VALUES (1)) one LEFT JOIN (
        SELECT * FROM tags ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
"""
ORDERS = {TagSort.ALPHABETICAL: "tag", TagSort.CRATES: "crates DESC, tag"}
NAMED = """
    SELECT tag, count(DISTINCT c.canonical_name), min(c.created_at)
    FROM cargo_catalogcrate c CROSS JOIN unnest(c.{kind}) tag
    WHERE c.catalog_id = ANY(%(catalogs)s::bigint[]) AND c.{kind} && %(texts)s::text[]
    AND tag = ANY(%(texts)s::text[]) GROUP BY tag
"""
TOTALS = """
    SELECT (
        SELECT count(DISTINCT canonical_name) FROM cargo_catalogcrate
        WHERE catalog_id = ANY(%(catalogs)s::bigint[]) AND num_versions > 0
    ), (
        SELECT coalesce(sum(downloads), 0)::bigint FROM cargo_cratedownloads
        WHERE distribution_id = %(distribution)s
    )
"""


def tags(
    kind: Kind, catalogs: Sequence[int], paging: Paging, sort: TagSort
) -> tuple[int, list[Tag]]:
    """Return how many keywords or categories there are, and a page of them."""
    values = {
        "catalogs": list(catalogs),
        "limit": paging.per_page,
        "offset": paging.offset,
    }
    rows = rows_with_bound_values(TAGS.format(kind=kind, order=ORDERS[sort]), values)
    return rows[0][0], [Tag(*row[1:]) for row in rows if row[1] is not None]


def tags_named(kind: Kind, catalogs: Sequence[int], texts: Collection[str]) -> Mapping[str, Tag]:
    """Return those of some keywords or categories that crates have, by their texts."""
    if not texts:
        return {}
    values = {"catalogs": list(catalogs), "texts": list(texts)}
    rows = rows_with_bound_values(NAMED.format(kind=kind), values)
    return {row[0]: Tag(*row) for row in rows}


def totals(distribution: UUID, catalogs: Sequence[int]) -> tuple[int, int]:
    """Return the number of crates, and of all downloads."""
    values = {"distribution": distribution, "catalogs": list(catalogs)}
    ((crates, downloads),) = rows_with_bound_values(TOTALS, values)
    return crates, downloads
