"""What crates.io shows of a crate as a whole, computed from its versions."""

from collections.abc import Iterable, Sequence
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


# Versions with their parsed numbers, from the highest to the lowest.
Ranked = Sequence[tuple[Version, CrateVersion]]


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


def rank(versions: Iterable[CrateVersion]) -> Ranked:
    """Return versions from the highest to the lowest."""
    parsed = ((parse_version(one.vers), one) for one in versions)
    return sorted(parsed, key=lambda pair: pair[0].order, reverse=True)


def summarize(ranked: Ranked) -> CrateSummary:
    """Return the summary of a crate from all of its versions, as crates.io computes it.

    The default version is the highest release that is not yanked, or else the highest version that
    is not yanked, or else the highest. `max_version` and `max_stable` ignore yanked versions.
    """
    good = [(version, one) for version, one in ranked if not one.yanked]
    stable = [(version, one) for version, one in good if not version.is_prerelease]
    # Of versions that were published at the same time, the highest.
    newest = max((one for _, one in ranked), key=lambda one: one.published)
    default = _first(stable) or _first(good) or ranked[0][1]
    return CrateSummary(
        name=newest.name,
        default=default,
        max_version=_vers(_first(good)),
        max_stable=_vers(_first(stable)),
        newest=newest.vers,
        num_versions=len(ranked),
        yanked=not good,
        created_at=min(one.published for _, one in ranked),
        updated_at=newest.published,
    )


def _first(ranked: Ranked) -> CrateVersion | None:
    return ranked[0][1] if ranked else None


def _vers(version: CrateVersion | None) -> str:
    return "" if version is None else version.vers
