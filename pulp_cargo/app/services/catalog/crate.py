"""One crate of a registry, as pages and crates.io's web API show it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pulp_cargo.app.queries import downloads
from pulp_cargo.app.queries.crates import details
from pulp_cargo.app.queries.crates.details import VersionDetails
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.services.catalog.served import answering, served_catalogs
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.protocol.errors import CrateNotFound, InvalidName, VersionNotFound
from pulp_cargo.protocol.names import canonical_name, parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.web_api.crates import CrateObject
from pulp_cargo.protocol.web_api.ids import numeric_id
from pulp_cargo.protocol.web_api.search import Paging
from pulp_cargo.protocol.web_api.versions import VersionObject
from pulp_cargo.rules.crate_summary import CrateVersion, summarize
from pulp_cargo.rules.policy_decision import left_out_of_store
from pulp_cargo.rules.upstream_order import who_answers


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """A version that a registry serves, and the upstream whose repository has it."""

    details: VersionDetails
    upstream: Upstream
    downloads: int = 0

    @property
    def summary(self) -> CrateVersion:
        """The version as it counts for the summary of its crate."""
        one = self.details
        return CrateVersion(one.unit, one.name, one.vers, one.published, one.license, one.yanked)

    def object(self) -> VersionObject:
        """Return what crates.io's web API tells of it."""
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
    """A crate that a registry serves, with its versions from the highest to the lowest."""

    versions: Sequence[ServedVersion]
    downloads: int = 0
    recent_downloads: int = 0

    @property
    def default(self) -> ServedVersion:
        """The version that describes the crate."""
        unit = summarize([one.summary for one in self.versions]).default.unit
        return next(one for one in self.versions if one.details.unit == unit)

    def object(self, *, has_upstreams: bool) -> CrateObject:
        """Return what crates.io's web API tells of it."""
        summary = summarize([one.summary for one in self.versions])
        default = next(one for one in self.versions if one.details.unit == summary.default.unit)
        text = default.details
        return CrateObject(
            name=text.name,
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


def crate(registry: Registry, name: str) -> CrateView:
    """Return a crate with all its versions; raises CrateNotFound, VersionGone."""
    versions = _versions(registry, name, None)
    if not versions:
        raise CrateNotFound(name)
    totals = downloads.totals_of(registry.pk, [name]).get(canonical_name(name))
    return CrateView(
        sorted(versions, key=lambda one: parse_version(one.details.vers), reverse=True),
        downloads=totals.downloads if totals else 0,
        recent_downloads=totals.recent if totals else 0,
    )


def version(registry: Registry, name: str, vers: str) -> ServedVersion:
    """Return a version; raises InvalidVersion, VersionNotFound, VersionGone."""
    parse_version(vers)
    versions = _versions(registry, name, vers)
    if not versions:
        raise VersionNotFound(name, vers)
    return versions[0]


def dependents(registry: Registry, name: str, paging: Paging) -> tuple[int, list[ServedVersion]]:
    """Return how many crates need a crate in their default version, and a page of those versions.

    The catalogs are to be up to date. Raises CrateNotFound, VersionGone.
    """
    crate(registry, name)
    served = {one.catalog: one for one in served_catalogs(registry)}
    total, found = details.dependents(
        list(served), name, limit=paging.per_page, offset=paging.offset
    )
    versions = []
    for catalog, one in served.items():
        units = [unit for other, unit in found if other == catalog]
        rows = details.units(one.upstream, units)
        answers = answering(registry, list(served.values()), {canonical_name(r.name) for r in rows})
        versions += [
            ServedVersion(row, one.upstream)
            for row in _under_policies(registry, one.upstream, rows)
            if catalog in answers[canonical_name(row.name)]
        ]
    order = {unit: place for place, (_, unit) in enumerate(found)}
    return total, sorted(versions, key=lambda one: order[one.details.unit])


def _versions(registry: Registry, name: str, vers: str | None) -> list[ServedVersion]:
    """Return the versions of a crate that a registry serves, or the one that is asked for."""
    try:
        parse_crate_name(name)
    except InvalidName as error:
        raise CrateNotFound(name) from error
    upstreams = registry.upstreams.all
    stored = {one.name: details.versions(one, name, None) for one in upstreams}
    answers = _answering(registry, name, stored)
    counts = downloads.versions_of(registry.pk, name)
    found: dict[str, ServedVersion] = {}
    for one in upstreams:
        if one.name not in answers:
            continue
        for row in _under_policies(registry, one, stored[one.name]):
            # Of versions that are mixed the first upstream's counts.
            if vers in (None, row.vers):
                count = counts.get(row.vers)
                found.setdefault(row.vers, ServedVersion(row, one, count.downloads if count else 0))
    return list(found.values())


def _answering(
    registry: Registry, name: str, stored: Mapping[str, Sequence[VersionDetails]]
) -> Collection[str]:
    """Return the names of the upstreams whose versions are served; remotes are not asked."""
    if registry.upstreams.order is None:
        return stored.keys()
    canonical = canonical_name(name)
    had = claims.claimed(registry.upstreams.listed, [canonical]).get(canonical, ())
    answer = who_answers(
        registry.upstreams.order, name, lambda one: bool(stored[one.name]), had=had
    )
    holders = [one for one in answer.ask if stored[one]]
    return holders if answer.mixed else holders[:1]


def _under_policies(
    registry: Registry, upstream: Upstream, versions: Sequence[VersionDetails]
) -> Sequence[VersionDetails]:
    policies = evaluate.policies_of(registry.upstreams, upstream, stored=True)
    if not policies:
        return versions
    units = [(row.unit, row.name, row.vers, row.license) for row in versions]
    refused = left_out_of_store(units, policies, datetime.now(UTC))
    return [row for row in versions if row.unit not in refused]
