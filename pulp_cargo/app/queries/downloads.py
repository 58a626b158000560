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
SOME_VERSIONS = """
    SELECT c.canonical_name, v.vers, v.downloads, v.last_at
    FROM unnest(%(names)s::text[], %(versions)s::text[]) wanted (name, vers)
    JOIN cargo_cratedownloads c
        ON c.distribution_id = %(distribution)s AND c.canonical_name = wanted.name
    JOIN cargo_versiondownloads v ON v.crate_id = c.id AND v.vers = wanted.vers
"""
DAYS = """
    SELECT v.vers, d.day, d.downloads FROM cargo_cratedownloads c
    JOIN cargo_versiondownloads v ON v.crate_id = c.id
    JOIN cargo_dailydownloads d ON d.version_id = v.id
    WHERE c.distribution_id = %(distribution)s AND c.canonical_name = %(name)s
    ORDER BY d.day, v.vers
"""
USAGE = """
    SELECT (
        SELECT coalesce(sum(downloads), 0)::bigint FROM cargo_cratedownloads
        WHERE distribution_id = %(distribution)s
    ), ARRAY(
        SELECT canonical_name FROM cargo_cratedownloads
        WHERE distribution_id = %(distribution)s
        ORDER BY downloads DESC, canonical_name LIMIT %(most)s
    ), ARRAY(
        SELECT canonical_name FROM cargo_cratedownloads
        WHERE distribution_id = %(distribution)s AND recent > 0
        ORDER BY recent DESC, canonical_name LIMIT %(most)s
    )
"""
# How many of the most used crates of a registry are looked at.
MOST_USED = 100


@dataclass(frozen=True, slots=True)
class Usage:
    """All downloads of a registry, and its most used crates, ever and in the last 90 days.

    Crates are named in canonical form, the most used first, at most `MOST_USED` of them.
    """

    downloads: int
    most: list[str]
    recently: list[str]


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


def of_some_versions(
    distribution: UUID, versions: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], VersionTotals]:
    """Return the downloads of versions, each a name and a `vers`, by canonical names and `vers`."""
    names, numbers = ([one[part] for one in versions] for part in (0, 1))
    values = {"distribution": distribution, "versions": numbers}
    rows = all_rows(SOME_VERSIONS, values | {"names": [canonical_name(name) for name in names]})
    return {(name, vers): VersionTotals(*totals) for name, vers, *totals in rows}


def days_of(distribution: UUID, name: str) -> list[DailyCount]:
    """Return the downloads of a crate's versions on each of the last 90 days, in order of days."""
    values = {"distribution": distribution, "name": canonical_name(name)}
    return [DailyCount(*row) for row in all_rows(DAYS, values)]


def usage_of(distribution: UUID) -> Usage:
    """Return the usage of a registry; it takes longer with each crate that was ever downloaded."""
    ((downloads, most, recently),) = all_rows(
        USAGE, {"distribution": distribution, "most": MOST_USED}
    )
    return Usage(downloads, most, recently)
