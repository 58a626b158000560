"""The versions of a crate in a repository version, with all fields of crates.io's web API."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pulp_cargo.app.models.membership import is_yanked, member_of
from pulp_cargo.app.queries.repository.membership import SERVED, ServedVersion, rows_of
from pulp_cargo.app.runtime.rows import first_row, rows_with_bound_values
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.crate_summary import CrateVersion

SIZE = """(
    SELECT coalesce(
        (SELECT a.size FROM core_artifact a WHERE a.pulp_id = ca.artifact_id),
        (SELECT max(ra.size) FROM core_remoteartifact ra WHERE ra.content_artifact_id = ca.pulp_id)
    )
    FROM core_contentartifact ca WHERE ca.content_id = unit.content_ptr_id LIMIT 1
)"""
YANKED = is_yanked("%(repository)s", "served.number")
COLUMNS = f"""
    unit.content_ptr_id, unit.name, unit.vers, unit.cksum, unit.pubtime, unit.index_line,
    unit.links, unit.rust_version, unit.edition, unit.description, unit.license, unit.license_file,
    unit.keywords, unit.categories, unit.authors, unit.homepage, unit.documentation,
    unit.repository_url, unit.readme IS NOT NULL, unit.metadata_source, {SIZE}, {YANKED}
"""
VERSIONS = f"""
    WITH {SERVED}
    SELECT found.* FROM served LEFT JOIN LATERAL (
        SELECT {COLUMNS} FROM cargo_cratecontent unit
        {member_of("%(repository)s", "served.number")}
        WHERE unit.canonical_name = %(name)s AND (%(vers)s::text IS NULL OR unit.vers = %(vers)s)
    ) found ON true
"""
OUTLINE = f"""
    WITH {SERVED}
    SELECT found.* FROM served LEFT JOIN LATERAL (
        SELECT unit.content_ptr_id, unit.name, unit.vers, unit.pubtime, unit.license, {YANKED}
        FROM cargo_cratecontent unit {member_of("%(repository)s", "served.number")}
        WHERE unit.canonical_name = %(name)s
    ) found ON true
"""
UNITS = f"""
    WITH {SERVED}
    SELECT found.* FROM served LEFT JOIN LATERAL (
        SELECT {COLUMNS} FROM cargo_cratecontent unit
        {member_of("%(repository)s", "served.number")}
        WHERE unit.content_ptr_id = ANY(%(units)s::uuid[])
    ) found ON true
"""
README = "SELECT readme FROM cargo_cratecontent WHERE content_ptr_id = %(unit)s"


@dataclass(frozen=True, slots=True)
class VersionDetails:
    """A version of a crate; `size` is that of its .crate file in bytes, None if it is unknown."""

    unit: UUID
    name: str
    vers: str
    cksum: str
    published: datetime
    index_line: str
    links: str | None
    rust_version: str | None
    edition: str | None
    description: str | None
    license: str | None
    license_file: str | None
    keywords: list[str]
    categories: list[str]
    authors: list[str]
    homepage: str | None
    documentation: str | None
    repository_url: str | None
    has_readme: bool
    metadata_source: str
    size: int | None
    yanked: bool
    # False for a version that only the index of an upstream has; `unit` is then no unit's id.
    is_stored: bool = True


def versions(served: ServedVersion, name: str, vers: str | None = None) -> list[VersionDetails]:
    """Return the versions of a crate, or only the one with this `vers`; raises VersionGone."""
    rows = rows_of(served, VERSIONS, name=canonical_name(name), vers=vers)
    return [VersionDetails(*row) for row in rows if row[0] is not None]


def outline(served: ServedVersion, name: str) -> list[CrateVersion]:
    """Return the versions of a crate, with what its summary needs; raises VersionGone."""
    rows = rows_of(served, OUTLINE, name=canonical_name(name))
    return [CrateVersion(*row) for row in rows if row[0] is not None]


def units(served: ServedVersion, pks: Collection[UUID]) -> list[VersionDetails]:
    """Return those of some units that a repository version has; raises VersionGone."""
    rows = rows_of(served, UNITS, units=list(pks)) if pks else []
    return [VersionDetails(*row) for row in rows if row[0] is not None]


def readme(unit: UUID) -> str | None:
    """Return the readme of a version as it was published, None without one."""
    row = first_row(README, {"unit": unit})
    return None if row is None else row[0]


DEPENDENTS = """
    WITH hits AS MATERIALIZED (
        SELECT c.canonical_name, c.catalog_id, c.unit FROM cargo_catalogcrate c
        WHERE c.catalog_id = ANY(%(catalogs)s::bigint[])
        AND c.dependencies && %(keys)s::text[]
    )
    SELECT total.count, page.catalog_id, page.unit
    FROM (SELECT count(*) FROM hits) total LEFT JOIN (
        SELECT * FROM hits ORDER BY canonical_name LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
"""


def dependents(
    catalogs: Sequence[int], keys: Sequence[str], *, limit: int, offset: int
) -> tuple[int, list[tuple[int, UUID]]]:
    """Return how many crates depend on a crate, and a page of them: their catalogs and units.

    `keys` are those of the crate (`protocol/dependents`). Only default versions count, as on
    crates.io.
    """
    values: dict[str, Any] = {"catalogs": list(catalogs), "keys": list(keys)}
    values |= {"limit": limit, "offset": offset}
    rows = rows_with_bound_values(DEPENDENTS, values)
    return rows[0][0], [(catalog, unit) for _, catalog, unit in rows if unit is not None]
