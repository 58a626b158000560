"""One crate of a registry, as pages and crates.io's web API show it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from pulp_cargo.app.queries import downloads
from pulp_cargo.app.queries.crates import details
from pulp_cargo.app.queries.crates.details import VersionDetails
from pulp_cargo.app.queries.downloads import VersionTotals
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.services.catalog.listed import Listed, as_listed
from pulp_cargo.app.services.catalog.served import (
    Licensed,
    answering,
    holders_of,
    refused_units,
    served_catalogs,
)
from pulp_cargo.protocol.dependents import keys_of
from pulp_cargo.protocol.errors import CrateNotFound, InvalidName, ReservedName, VersionNotFound
from pulp_cargo.protocol.names import canonical_name, parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.web_api.crates import CrateObject
from pulp_cargo.protocol.web_api.ids import numeric_id
from pulp_cargo.protocol.web_api.search import Paging
from pulp_cargo.protocol.web_api.versions import VersionObject
from pulp_cargo.rules.crate_summary import CrateSummary, CrateVersion, rank, summarize

V = TypeVar("V", bound=Licensed)


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """A version that a registry serves, and the upstream whose repository has it."""

    details: VersionDetails
    upstream: Upstream
    downloads: int = 0
    # When it was last downloaded, None if it never was.
    downloaded_at: datetime | None = None

    @property
    def summary(self) -> CrateVersion:
        """The version as it counts for the summary of its crate."""
        one = self.details
        return CrateVersion(one.unit, one.name, one.vers, one.published, one.license, one.yanked)

    def object(self) -> VersionObject:
        """Return the version as crates.io's web API shows it."""
        one = self.details
        return VersionObject(
            id=numeric_id(one.unit),
            crate=one.name,
            num=one.vers,
            created_at=one.published,
            index_line=one.index_line,
            checksum=one.cksum,
            crate_size=one.size,
            yanked=one.yanked,
            license=one.license,
            links=one.links,
            rust_version=one.rust_version,
            edition=one.edition,
            description=one.description,
            homepage=one.homepage,
            documentation=one.documentation,
            repository=one.repository_url,
            downloads=self.downloads,
        )


@dataclass(frozen=True, slots=True)
class CrateView:
    """A crate that a registry serves, with its versions from the highest to the lowest.

    The default version describes it. If only the index of a cache's upstream has that one, the texts
    are those of the highest version that is stored, if there is any.
    """

    versions: Sequence[ServedVersion]
    summary: CrateSummary
    default: ServedVersion
    described: ServedVersion
    downloads: int = 0
    recent_downloads: int = 0

    def object(self, *, has_upstreams: bool) -> CrateObject:
        """Return the crate as crates.io's web API shows it."""
        summary, default = self.summary, self.default
        text = self.described.details
        return CrateObject(
            name=default.details.name,
            max_version=summary.max_version,
            max_stable_version=summary.max_stable,
            newest_version=summary.newest,
            default_version=summary.default.vers,
            num_versions=summary.num_versions,
            yanked=summary.yanked,
            created_at=summary.created_at,
            updated_at=summary.updated_at,
            description=text.description,
            keywords=[one.lower() for one in text.keywords],
            categories=[one.lower() for one in text.categories],
            homepage=text.homepage,
            documentation=text.documentation,
            repository=text.repository_url,
            downloads=self.downloads,
            recent_downloads=self.recent_downloads,
            versions=[numeric_id(one.details.unit) for one in self.versions],
            exact_match=False,
            private=default.upstream.private,
            upstream=default.upstream.name if has_upstreams else None,
        )


@dataclass(frozen=True, slots=True)
class OutlinedVersion:
    """A version that a registry serves, with what counts for the summary of its crate."""

    version: CrateVersion
    upstream: Upstream


@dataclass(frozen=True, slots=True)
class CrateOutline:
    """A crate that a registry serves, with little of its versions, from the highest to the lowest."""

    name: str
    versions: Sequence[OutlinedVersion]
    default: OutlinedVersion


def crate(registry: Registry, name: str, listed: Listed | None = None) -> CrateView:
    """Return a crate with all its versions, or those that are stored, without `listed`.

    Raises CrateNotFound, VersionGone.
    """
    found = _versions(registry, name, None, listed)
    if not found:
        raise CrateNotFound(name)
    by_vers = {one.details.vers: one for one in found}
    ranked = rank(one.summary for one in found)
    versions = [by_vers[one.vers] for one in ranked]
    totals = downloads.totals_of(registry.pk, [name]).get(canonical_name(name))
    summary = summarize(ranked)
    default = by_vers[summary.default.vers]
    return CrateView(
        versions,
        summary,
        default,
        described=next((one for one in (default, *versions) if one.details.is_stored), default),
        downloads=totals.downloads if totals else 0,
        recent_downloads=totals.recent if totals else 0,
    )


def outline(registry: Registry, name: str) -> CrateOutline:
    """Return a crate with the versions that are stored; raises CrateNotFound, VersionGone."""
    stored = _stored(registry, name, details.outline)
    answers = _holders(registry, name, stored)
    found: dict[str, OutlinedVersion] = {}
    for one in registry.upstreams.all:
        for row in _under_policies(registry, one, stored[one.name] if one.name in answers else ()):
            found.setdefault(row.vers, OutlinedVersion(row, one))
    if not found:
        raise CrateNotFound(name)
    ranked = rank(one.version for one in found.values())
    summary = summarize(ranked)
    return CrateOutline(
        summary.name,
        [found[one.vers] for one in ranked],
        default=found[summary.default.vers],
    )


def with_details(
    registry: Registry, name: str, versions: Collection[OutlinedVersion]
) -> Mapping[str, ServedVersion]:
    """Return some versions of a crate by their `vers`; raises VersionGone."""
    counts = downloads.versions_of(registry.pk, name)
    found: dict[str, ServedVersion] = {}
    for upstream in registry.upstreams.all:
        units = [one.version.unit for one in versions if one.upstream.name == upstream.name]
        for row in details.units(upstream, units):
            found[row.vers] = _with_downloads(row, upstream, counts)
    return found


def require(registry: Registry, name: str, listed: Listed | None = None) -> None:
    """Raise CrateNotFound for a crate that a registry does not have; raises VersionGone."""
    if listed is None:
        outline(registry, name)
    else:
        crate(registry, name, listed)


def version(
    registry: Registry, name: str, vers: str, listed: Listed | None = None
) -> ServedVersion:
    """Return a version, or one that is stored, without `listed`.

    Raises InvalidVersion, VersionNotFound, VersionGone.
    """
    parse_version(vers)
    versions = _versions(registry, name, vers, listed)
    if not versions:
        raise VersionNotFound(name, vers)
    return versions[0]


def dependents(registry: Registry, name: str, paging: Paging) -> tuple[int, list[ServedVersion]]:
    """Return how many crates need a crate in their default version, and a page of those versions.

    Dependencies on a crate of this name in another registry do not count.
    Raises CrateNotFound for an invalid name, CatalogsOutdated, VersionGone.
    """
    _require_name(name)
    served = served_catalogs(registry)
    total, found = details.dependents(
        [one.catalog for one in served],
        keys_of(name, registry.urls.null),
        limit=paging.per_page,
        offset=paging.offset,
    )
    rows: dict[UUID, tuple[VersionDetails, Upstream]] = {}
    for one in served:
        units = [unit for catalog, unit in found if catalog == one.catalog]
        versions = details.units(one.upstream, units)
        answers = answering(registry, served, {canonical_name(row.name) for row in versions})
        for row in versions:
            if one.catalog in answers[canonical_name(row.name)]:
                rows[row.unit] = row, one.upstream
    shown = [rows[unit] for _, unit in found if unit in rows]
    wanted = [(row.name, row.vers) for row, _ in shown]
    counts = downloads.of_some_versions(registry.pk, wanted) if wanted else {}
    return total, [
        _with_count(row, upstream, counts.get((canonical_name(row.name), row.vers)))
        for row, upstream in shown
    ]


def _versions(
    registry: Registry, name: str, vers: str | None, listed: Listed | None
) -> list[ServedVersion]:
    """Return the versions of a crate that a registry serves, or only the one that is wanted."""
    upstreams = registry.upstreams
    # A list needs all versions: the first upstream with the crate answers, also for others.
    narrowed = vers if upstreams.order is None else None
    stored = _stored(registry, name, partial(details.versions, vers=narrowed))
    if listed is None:
        listed = dict.fromkeys(_holders(registry, name, stored))
    counts = downloads.versions_of(registry.pk, name)
    found: dict[str, ServedVersion] = {}
    for one in upstreams.all:
        if one.name not in listed:
            continue
        rows = _under_policies(registry, one, stored[one.name])
        if (versions := listed[one.name]) is not None:
            rows = as_listed(stored[one.name], versions)
        for row in rows:
            # If versions are mixed, the first upstream that has a version supplies it.
            if vers in (None, row.vers):
                found.setdefault(row.vers, _with_downloads(row, one, counts))
    return list(found.values())


def _stored(
    registry: Registry, name: str, versions: Callable[[Upstream, str], Sequence[V]]
) -> Mapping[str, Sequence[V]]:
    """Return the versions of a crate in each upstream; raises CrateNotFound for an invalid name."""
    _require_name(name)
    return {one.name: versions(one, name) for one in registry.upstreams.all}


def _require_name(name: str) -> None:
    """Raise CrateNotFound for a name that no crate can have."""
    try:
        parse_crate_name(name)
    except (InvalidName, ReservedName) as error:
        raise CrateNotFound(name) from error


def _holders(registry: Registry, name: str, stored: Mapping[str, Sequence[V]]) -> Sequence[str]:
    """Return which of the upstreams that have versions of a crate answer for it."""
    upstreams, canonical = registry.upstreams, canonical_name(name)
    having = {one for one, versions in stored.items() if versions}
    had = claims.claimed(upstreams.listed, [canonical]).get(canonical, ())
    return holders_of(upstreams, name, having, had)


def _with_downloads(
    row: VersionDetails, upstream: Upstream, counts: Mapping[str, VersionTotals]
) -> ServedVersion:
    return _with_count(row, upstream, counts.get(row.vers))


def _with_count(
    row: VersionDetails, upstream: Upstream, count: VersionTotals | None
) -> ServedVersion:
    if count is None:
        return ServedVersion(row, upstream)
    return ServedVersion(row, upstream, count.downloads, count.last_at)


def _under_policies(registry: Registry, upstream: Upstream, versions: Sequence[V]) -> Sequence[V]:
    refused = refused_units(registry, upstream, versions)
    return [row for row in versions if row.unit not in refused] if refused else versions
