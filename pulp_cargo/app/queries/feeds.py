"""What is new in a registry, from the catalogs of its repositories."""

import heapq
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pulp_cargo.app.models.membership import member_of
from pulp_cargo.app.runtime.rows import all_rows

# Times have seconds only; of the same second, the unit with the higher id is the later one.
# A crate is that of the first upstream which has it, so later catalogs have a part of theirs only.
CRATES = """
    SELECT c.{time}, c.name, NULL, c.description, c.canonical_name FROM cargo_catalogcrate c
    WHERE c.catalog_id = %(catalog)s AND c.num_versions > 0 AND NOT EXISTS (
        SELECT 1 FROM cargo_catalogcrate earlier
        WHERE earlier.catalog_id = ANY(%(earlier)s::bigint[])
        AND earlier.canonical_name = c.canonical_name
    )
    ORDER BY c.{time} DESC, c.unit DESC LIMIT %(limit)s
"""
CREATED = CRATES.format(time="created_at")
UPDATED = CRATES.format(time="updated_at")
VERSIONS = f"""
    SELECT unit.pubtime, unit.name, unit.vers, unit.description, unit.canonical_name
    FROM cargo_cratecatalog k CROSS JOIN unnest(%(names)s::text[]) wanted (name)
    JOIN cargo_cratecontent unit ON unit.canonical_name = wanted.name
    {member_of("k.repository_id", "k.number")}
    WHERE k.id = %(catalog)s AND NOT unit.content_ptr_id = ANY(%(left_out)s::uuid[])
    ORDER BY unit.pubtime DESC, unit.content_ptr_id DESC LIMIT %(limit)s
"""
FIRST_WITH = """
    SELECT catalog_id FROM cargo_catalogcrate
    WHERE catalog_id = ANY(%(catalogs)s::bigint[]) AND canonical_name = %(name)s
"""


@dataclass(frozen=True, slots=True)
class News:
    """A new crate, or a new version if `vers` is not None."""

    published: datetime
    name: str
    vers: str | None
    description: str | None
    canonical_name: str


# Returns the units among the versions of some crates in a catalog that are not served.
LeftOut = Callable[[int, Sequence[str]], Collection[UUID]]


def newest_crates(catalogs: Sequence[int], left_out: LeftOut, limit: int) -> list[News]:
    """Return so many crates, the latest first."""
    return _merged([_news(CREATED, catalogs, at, limit) for at in range(len(catalogs))], limit)


def newest_versions(catalogs: Sequence[int], left_out: LeftOut, limit: int) -> list[News]:
    """Return so many versions, the latest first.

    They are all among the versions of as many crates with the latest updates.
    """
    found = []
    for at, catalog in enumerate(catalogs):
        names = [one.canonical_name for one in _news(UPDATED, catalogs, at, limit)]
        found.append(_versions(catalog, names, left_out, limit))
    return _merged(found, limit)


def newest_versions_of(
    catalogs: Sequence[int], left_out: LeftOut, name: str, limit: int
) -> list[News]:
    """Return so many versions of a crate by its canonical name, the latest first."""
    rows = all_rows(FIRST_WITH, {"catalogs": list(catalogs), "name": name})
    having = {catalog for (catalog,) in rows}
    first = next((one for one in catalogs if one in having), None)
    return [] if first is None else _versions(first, [name], left_out, limit)


def _news(query: str, catalogs: Sequence[int], at: int, limit: int) -> list[News]:
    values = {"catalog": catalogs[at], "earlier": list(catalogs[:at]), "limit": limit}
    return [News(*row) for row in all_rows(query, values)]


def _versions(catalog: int, names: Sequence[str], left_out: LeftOut, limit: int) -> list[News]:
    values: dict[str, Any] = {"catalog": catalog, "names": list(names), "limit": limit}
    values["left_out"] = list(left_out(catalog, names))
    return [News(*row) for row in all_rows(VERSIONS, values)]


def _merged(lists: Sequence[Sequence[News]], limit: int) -> list[News]:
    merged = heapq.merge(*lists, key=lambda one: one.published, reverse=True)
    return list(merged)[:limit]
