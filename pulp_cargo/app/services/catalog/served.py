"""The catalogs of what a registry serves, and which of them answers for a crate."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pulp_cargo.app.queries import catalog as catalogs
from pulp_cargo.app.queries import search as queries
from pulp_cargo.app.queries.catalog import Content
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.services.catalog.refresh import catalog_of
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.rules.crate_summary import CrateSummary, CrateVersion, summarize
from pulp_cargo.rules.policy_decision import left_out_of_store
from pulp_cargo.rules.upstream_order import OrderedUpstream, who_answers


@dataclass(frozen=True, slots=True)
class ServedCatalog:
    """A catalog of a registry, and the upstream whose repository it describes."""

    catalog: int
    upstream: Upstream
    pinned: bool


def served_catalogs(registry: Registry) -> list[ServedCatalog]:
    """Return the catalogs of the repositories that a registry serves, those of private ones first.

    Each is brought up to date. Raises LookupError if a version has been deleted meanwhile.
    """
    upstreams = sorted(registry.upstreams.all, key=lambda one: not one.private)
    found = []
    for one in upstreams:
        if one.repository is None or one.version is None:
            continue
        content = Content(one.repository, one.version, registry.pinned)
        found.append(ServedCatalog(catalog_of(content), one, registry.pinned))
    return found


def are_good(registry: Registry) -> bool:
    """Return whether no catalog of a registry has to be updated, which may take long."""
    for one in registry.upstreams.all:
        if one.repository is not None and one.version is not None:
            state = catalogs.state_of(Content(one.repository, one.version, registry.pinned))
            if state is None or not state.is_good:
                return False
    return True


def answering(
    registry: Registry, served: Sequence[ServedCatalog], names: Collection[str]
) -> Mapping[str, tuple[int, ...]]:
    """Return the catalogs that answer for crates, by canonical names; none for what is not served.

    Of a remote counts only what is stored: it is not asked.
    """
    if registry.upstreams.order is None:
        everything = tuple(one.catalog for one in served)
        return dict.fromkeys(names, everything)
    order = registry.upstreams.order
    there = queries.places([one.catalog for one in served], names)
    claimed = claims.claimed(registry.upstreams.listed, names)
    by_upstream = {one.upstream.name: one.catalog for one in served}

    def answer_for(name: str) -> tuple[int, ...]:
        def has(upstream: OrderedUpstream) -> bool:
            return by_upstream.get(upstream.name) in there[name]

        answer = who_answers(order, name, has, had=claimed.get(name, ()))
        holders = [by_upstream[one] for one in answer.ask if by_upstream.get(one) in there[name]]
        return tuple(holders if answer.mixed else holders[:1])

    return {name: answer_for(name) for name in names}


def under_policies(
    registry: Registry, one: ServedCatalog, names: Iterable[str]
) -> Mapping[str, CrateSummary | None]:
    """Return the summaries of crates without the versions that crate policies refuse.

    Empty where no policy is in force; None for a crate of which nothing is left.
    """
    summaries: dict[str, CrateSummary | None] = {}
    for name, (versions, refused) in _by_policies(registry, one, names).items():
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
        for name, (versions, refused) in _by_policies(registry, one, names).items():
            gone = {version.vers for version in versions if version.unit in refused}
            found |= {(name, vers) for vers in gone}
            if len(gone) == len(versions):
                found.add((name, None))
    return found


def _by_policies(
    registry: Registry, one: ServedCatalog, names: Iterable[str]
) -> Mapping[str, tuple[Sequence[CrateVersion], Collection[UUID]]]:
    """Return the versions of crates, and the units that are refused; empty without a policy."""
    policies = evaluate.policies_of(registry.upstreams, one.upstream, stored=True)
    repository = one.upstream.repository
    if not policies or repository is None:
        return {}
    versions = catalogs.versions_of(repository, one.upstream.number, list(names))
    units = [
        (version.unit, version.name, version.vers, version.license)
        for found in versions.values()
        for version in found
    ]
    refused = left_out_of_store(units, policies, datetime.now(UTC))
    return {name: (found, refused) for name, found in versions.items()}
