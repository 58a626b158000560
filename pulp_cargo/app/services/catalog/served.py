"""The catalogs of what a registry serves, and which of it the registry answers with."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from pulp_cargo.app.models import CrateCatalog
from pulp_cargo.app.queries import catalog as catalogs
from pulp_cargo.app.queries import search as queries
from pulp_cargo.app.queries.catalog import Content
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.registry.registry import Registry, RegistryUpstreams
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.services.catalog.refresh import catalog_of
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.protocol.errors import NoCatalog
from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.rules.policies.policy_decision import left_out_of_store
from pulp_cargo.rules.resolution import AnsweredBy, CrateState, who_has
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
    """A catalog of a registry, and the upstream whose repository it describes, at `number`."""

    catalog: int
    upstream: Upstream
    number: int


def served_catalogs(registry: Registry) -> list[ServedCatalog]:
    """Return the catalogs of what a registry serves, those of private repositories first.

    Raises CatalogsOutdated, and NoCatalog for a state of the past.
    """
    if not has_catalog(registry):
        raise NoCatalog(registry.name)
    found = []
    for upstream, content in _contents(registry):
        state = catalogs.state_of(content)
        if state is None or not state.is_good:
            raise CatalogsOutdated
        found.append(ServedCatalog(state.catalog, upstream, state.number))
    return found


def has_catalog(registry: Registry) -> bool:
    """Whether the crates of a registry can be listed: not in any state of its past.

    Under crate policies not even of labelled versions: the registry itself has the catalog of those.
    """
    if registry.past is None:
        return True
    in_force = (evaluate.rules_in_force(registry.upstreams, one) for one in registry.upstreams.all)
    return registry.past.has_catalog and not any(in_force)


def update(registry: Registry) -> None:
    """Bring the catalogs of what a registry serves up to date; raises VersionGone."""
    used = [catalog_of(content) for _, content in _contents(registry)]
    if registry.past is not None:
        return
    # Those under policies that are no longer in force, or of other repositories.
    CrateCatalog.objects.filter(registry=registry.pk).exclude(pk__in=used).delete()


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
    states = {one: CrateState.STORED if one in having else CrateState.ABSENT for one in answer.ask}
    decided = who_has(answer, states)
    # With a state of each upstream, none is left to be asked.
    return decided.upstreams if isinstance(decided, AnsweredBy) else ()


def refused_units(
    registry: Registry, upstream: Upstream, versions: Iterable[Licensed]
) -> frozenset[UUID]:
    """Return the units among versions of an upstream that crate policies refuse."""
    policies = registry.upstreams.policies_of(upstream, stored=True)
    if not policies:
        return frozenset()
    units = ((one.unit, one.name, one.vers, one.license) for one in versions)
    return left_out_of_store(units, policies, datetime.now(UTC))


def refused_of(registry: Registry, one: ServedCatalog, names: Collection[str]) -> Collection[UUID]:
    """Return the units of some crates in a catalog's repository that crate policies refuse."""
    repository = one.upstream.repository
    if repository is None or evaluate.rules_in_force(registry.upstreams, one.upstream) is None:
        return ()
    versions = catalogs.versions_of(repository, one.number, names)
    everything = (version for found in versions.values() for version in found)
    return refused_units(registry, one.upstream, everything)


def _contents(registry: Registry) -> Iterator[tuple[Upstream, Content]]:
    for one in sorted(registry.upstreams.all, key=lambda one: not one.private):
        if one.repository is None or one.version is None:
            continue
        rules = evaluate.rules_in_force(registry.upstreams, one)
        own = registry.pk if rules else None
        yield one, Content(one.repository, one.version, registry.pinned, own, rules)
