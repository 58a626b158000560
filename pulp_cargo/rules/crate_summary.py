"""What crates.io shows of a crate as a whole, computed from its versions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_cargo.protocol.semver import is_prerelease, order_of


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


def rank(versions: Iterable[CrateVersion]) -> list[CrateVersion]:
    """Return versions from the highest to the lowest."""
    return sorted(versions, key=lambda one: order_of(one.vers), reverse=True)


def summarize(ranked: Sequence[CrateVersion]) -> CrateSummary:
    """Return the summary of a crate from its versions as `rank` sorts them, as crates.io computes it.

    The default version is the highest release that is not yanked, or else the highest version that
    is not yanked, or else the highest. `max_version` and `max_stable` ignore yanked versions.
    """
    good = [one for one in ranked if not one.yanked]
    stable = [one for one in good if not is_prerelease(one.vers)]
    # Of versions that were published at the same time, the highest.
    newest = max(ranked, key=lambda one: one.published)
    return CrateSummary(
        name=newest.name,
        default=next(iter(stable or good or ranked)),
        max_version=_highest(good),
        max_stable=_highest(stable),
        newest=newest.vers,
        num_versions=len(ranked),
        yanked=not good,
        created_at=min(one.published for one in ranked),
        updated_at=newest.published,
    )


def _highest(ranked: Sequence[CrateVersion]) -> str:
    return ranked[0].vers if ranked else ""


def release_tracks(ranked: Iterable[CrateVersion]) -> Mapping[str, Mapping[str, str]]:
    """Return the highest release of each line that is compatible in itself, as crates.io names them.

    Yanked versions and pre-releases are in none.

    >>> at = datetime(2030, 1, 1)
    >>> one = [CrateVersion(UUID(int=0), "a", vers, at, None, False) for vers in ("1.1.0", "1.0.0", "0.2.1")]
    >>> release_tracks(one)
    {'1': {'highest': '1.1.0'}, '0.2': {'highest': '0.2.1'}}
    """
    found: dict[str, Mapping[str, str]] = {}
    for one in ranked:
        if not one.yanked and not is_prerelease(one.vers):
            major, minor, _ = one.vers.split(".", 2)
            track = f"0.{minor}" if major == "0" else major
            found.setdefault(track, {"highest": one.vers})
    return found
