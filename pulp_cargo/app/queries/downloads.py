"""How often the crates of a registry were downloaded; the last seconds may be missing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.web_api.downloads import DailyCount

TOTALS = """
    SELECT canonical_name, downloads, recent, last_at FROM cargo_cratedownloads
    WHERE distribution_id = %(distribution)s AND canonical_name = ANY(%(names)s::text[])
"""
VERSIONS = """
    SELECT v.vers, v.downloads, v.last_at FROM cargo_cratedownloads c
    JOIN cargo_versiondownloads v ON v.crate_id = c.id
    WHERE c.distribution_id = %(distribution)s AND c.canonical_name = %(name)s
"""
DAYS = """
    SELECT v.vers, d.day, d.downloads FROM cargo_cratedownloads c
    JOIN cargo_versiondownloads v ON v.crate_id = c.id
    JOIN cargo_dailydownloads d ON d.version_id = v.id
    WHERE c.distribution_id = %(distribution)s AND c.canonical_name = %(name)s
    ORDER BY d.day, v.vers
"""


@dataclass(frozen=True, slots=True)
class CrateTotals:
    """The downloads of a crate, ever and in the last 90 days, and the time of the last one."""

    downloads: int
    recent: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class VersionTotals:
    """The downloads of a version, and the time of the last one."""

    downloads: int
    last_at: datetime


def totals_of(distribution: UUID, names: Collection[str]) -> Mapping[str, CrateTotals]:
    """Return the downloads of crates by canonical names, those without downloads left out."""
    values = {"distribution": distribution, "names": [canonical_name(name) for name in names]}
    return {name: CrateTotals(*totals) for name, *totals in all_rows(TOTALS, values)}


def versions_of(distribution: UUID, name: str) -> Mapping[str, VersionTotals]:
    """Return the downloads of a crate's versions, those without downloads left out."""
    values = {"distribution": distribution, "name": canonical_name(name)}
    return {vers: VersionTotals(*totals) for vers, *totals in all_rows(VERSIONS, values)}


def days_of(distribution: UUID, name: str) -> list[DailyCount]:
    """Return the downloads of a crate's versions on each of the last 90 days, in order of days."""
    values = {"distribution": distribution, "name": canonical_name(name)}
    return [DailyCount(*row) for row in all_rows(DAYS, values)]
