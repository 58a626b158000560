"""The catalogs of what a registry serves, and which of it the registry answers with."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from pulp_cargo.app.queries import catalog as catalogs
from pulp_cargo.app.queries import search as queries
from pulp_cargo.app.queries.catalog import Content
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.registry.registry import Registry, RegistryUpstreams
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.services.catalog.refresh import catalog_of
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.rules.crate_summary import CrateSummary, CrateVersion, summarize
from pulp_cargo.rules.policy_decision import left_out_of_store
from pulp_cargo.rules.upstream_order import who_answers


class CatalogsOutdated(ServiceUnavailable):
    """A catalog has to be updated first, which may take longer than a read."""

    def __init__(self) -> None:
        super().__init__("the catalog of this registry is being updated; try again later")


class Licensed(Protocol):
    """A version with what crate policies know of it."""

    @property
    def unit(self) -> UUID: ...

    @property
    def name(self) -> str: ...

    @property
    def vers(self) -> str: ...

    @property
    def license(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class ServedCatalog:
    """A catalog of a registry, and the upstream whose repository it describes."""

    catalog: int
    upstream: Upstream


def served_catalogs(registry: Registry) -> list[ServedCatalog]:
    """Return the catalogs of what a registry serves, those of private repositories first.

    Raises CatalogsOutdated.
    """
    found = []
    for upstream, content in _contents(registry):
        state = catalogs.state_of(content)
        if state is None or not state.is_good:
            raise CatalogsOutdated
        found.append(ServedCatalog(state.catalog, upstream))
    return found


def update(registry: Registry) -> None:
    """Bring the catalogs of what a registry serves up to date; raises VersionGone."""
    for _, content in _contents(registry):
        catalog_of(content)


def answering(
    registry: Registry, served: Sequence[ServedCatalog], names: Collection[str]
) -> Mapping[str, tuple[int, ...]]:
    """Return the catalogs that answer for crates, by canonical names; none for what is not served."""
    if registry.upstreams.order is None:
        everything = tuple(one.catalog for one in served)
        return dict.fromkeys(names, everything)
    there = queries.places([one.catalog for one in served], names)
    claimed = claims.claimed(registry.upstreams.listed, names)
    by_upstream = {one.upstream.name: one.catalog for one in served}

    def answer_for(name: str) -> tuple[int, ...]:
        having = {one for one, catalog in by_upstream.items() if catalog in there[name]}
        holders = holders_of(registry.upstreams, name, having, claimed.get(name, ()))
        return tuple(by_upstream[one] for one in holders)

    return {name: answer_for(name) for name in names}


def holders_of(
    upstreams: RegistryUpstreams, name: str, having: Collection[str], had: Collection[str]
) -> Sequence[str]:
    """Return which of the upstreams that have a crate stored answer for it: one, or all if mixed.

    Remotes are not asked: what they have counts only if it is stored. `had` are the private
    upstreams that ever had the crate.
    """
    if upstreams.order is None:
        return [one.name for one in upstreams.all if one.name in having]
    answer = who_answers(upstreams.order, name, lambda one: one.name in having, had=had)
    holders = [one for one in answer.ask if one in having]
    return holders if answer.mixed else holders[:1]


def refused_units(
    registry: Registry, upstream: Upstream, versions: Iterable[Licensed]
) -> frozenset[UUID]:
    """Return the units among versions of an upstream that crate policies refuse."""
    policies = evaluate.policies_of(registry.upstreams, upstream, stored=True)
    if not policies:
        return frozenset()
    units = ((one.unit, one.name, one.vers, one.license) for one in versions)
    return left_out_of_store(units, policies, datetime.now(UTC))


def under_policies(
    registry: Registry, one: ServedCatalog, names: Iterable[str]
) -> Mapping[str, CrateSummary | None]:
    """Return the summaries of crates of which crate policies refuse versions.

    None stands for a crate of which nothing is left.
    """
    summaries: dict[str, CrateSummary | None] = {}
    for name, (versions, refused) in _refused(registry, one, names).items():
        left = [version for version in versions if version.unit not in refused]
        summaries[name] = summarize(left) if left else None
    return summaries


def refused_versions(
    registry: Registry, served: Iterable[ServedCatalog], names: Collection[str]
) -> set[tuple[str, str | None]]:
    """Return the versions of crates, by canonical names, that crate policies refuse.

    A crate of which they refuse all is among them with None for a version.
    """
    found: set[tuple[str, str | None]] = set()
    for one in served:
        for name, (versions, refused) in _refused(registry, one, names).items():
            gone = {version.vers for version in versions if version.unit in refused}
            found |= {(name, vers) for vers in gone}
            if len(gone) == len(versions):
                found.add((name, None))
    return found


def _contents(registry: Registry) -> list[tuple[Upstream, Content]]:
    upstreams = sorted(registry.upstreams.all, key=lambda one: not one.private)
    return [
        (one, Content(one.repository, one.version, registry.pinned))
        for one in upstreams
        if one.repository is not None and one.version is not None
    ]


def _refused(
    registry: Registry, one: ServedCatalog, names: Iterable[str]
) -> Mapping[str, tuple[Sequence[CrateVersion], Collection[UUID]]]:
    """Return the versions of the crates of which some are refused, and the refused units."""
    repository = one.upstream.repository
    if repository is None or not evaluate.policies_of(
        registry.upstreams, one.upstream, stored=True
    ):
        return {}
    versions = catalogs.versions_of(repository, one.upstream.number, list(names))
    refused = refused_units(
        registry, one.upstream, (version for found in versions.values() for version in found)
    )
    return {
        name: (found, refused)
        for name, found in versions.items()
        if any(version.unit in refused for version in found)
    }
