"""What crates.io shows of a crate as a whole, computed from its versions."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_cargo.protocol.semver import Version, parse_version


@dataclass(frozen=True, slots=True)
class CrateVersion:
    """A version of a crate, with the id of its content unit."""

    unit: UUID
    name: str
    vers: str
    published: datetime
    license: str | None
    yanked: bool


@dataclass(frozen=True, slots=True)
class CrateSummary:
    """A crate, described by its versions; `max_version` and `max_stable` are empty if none counts."""

    name: str
    default: CrateVersion
    max_version: str
    max_stable: str
    newest: str
    num_versions: int
    yanked: bool
    created_at: datetime
    updated_at: datetime


def summarize(versions: Collection[CrateVersion]) -> CrateSummary:
    """Return the summary of a crate, as crates.io computes it.

    The default version is the highest release that is not yanked, or else the highest version that
    is not yanked, or else the highest. `max_version` and `max_stable` ignore yanked versions.
    """
    parsed = [(parse_version(one.vers), one) for one in versions]
    good = [(version, one) for version, one in parsed if not one.yanked]
    stable = [(version, one) for version, one in good if not version.is_prerelease]
    by_time = sorted(parsed, key=lambda pair: (pair[1].published, pair[0]))
    newest = by_time[-1][1]
    default = _highest(stable) or _highest(good) or _highest(parsed) or newest
    return CrateSummary(
        name=newest.name,
        default=default,
        max_version=_vers(_highest(good)),
        max_stable=_vers(_highest(stable)),
        newest=newest.vers,
        num_versions=len(parsed),
        yanked=not good,
        created_at=by_time[0][1].published,
        updated_at=newest.published,
    )


def _highest(versions: Iterable[tuple[Version, CrateVersion]]) -> CrateVersion | None:
    pair = max(versions, key=lambda pair: pair[0], default=None)
    return None if pair is None else pair[1]


def _vers(version: CrateVersion | None) -> str:
    return "" if version is None else version.vers
