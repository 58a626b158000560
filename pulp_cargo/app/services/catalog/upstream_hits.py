"""Which of the crates that upstreams have found are shown beside those of the catalogs."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from pulp_cargo.app.queries import downloads
from pulp_cargo.app.queries import search as queries
from pulp_cargo.app.queries.downloads import CrateTotals
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream, Upstream
from pulp_cargo.app.services.catalog.served import ServedCatalog, answering
from pulp_cargo.protocol.web_api.crates import CrateObject
from pulp_cargo.protocol.web_api.upstream_search import UpstreamHit
from pulp_cargo.rules.upstream_hits import under_policies
from pulp_cargo.rules.upstream_order import OrderedUpstream, who_answers

# Hits by the names of their upstreams in the registry.
UpstreamHits = Mapping[str, Sequence[UpstreamHit]]


def shown_hits(
    registry: Registry, served: Sequence[ServedCatalog], hits: UpstreamHits
) -> list[CrateObject]:
    """Return the crates that are not in the catalogs, in the order of the upstreams, each once.

    A crate is shown if its upstream would be asked for it, and as far as is known serve it here.
    """
    names = {hit.canonical_name for found in hits.values() for hit in found}
    stored = _stored(registry, served, names)
    may_answer = _answering_upstreams(registry, served, hits, names - stored)
    shown: dict[str, CrateObject] = {}
    totals = downloads.totals_of(registry.pk, names - stored)
    for upstream in registry.upstreams.listed:
        for hit in _under_policies(registry, upstream, hits.get(upstream.name, ())):
            name = hit.canonical_name
            if name not in stored and name not in shown and upstream.name in may_answer(name):
                shown[name] = _object(hit, upstream, totals.get(name))
    return list(shown.values())


def _stored(
    registry: Registry, served: Sequence[ServedCatalog], names: Collection[str]
) -> set[str]:
    """Return which crates a catalog that answers for them has, even if policies refuse them."""
    there = queries.places([one.catalog for one in served], names)
    answers = answering(registry, served, names)
    return {name for name in names if there[name].intersection(answers[name])}


def _answering_upstreams(
    registry: Registry,
    served: Sequence[ServedCatalog],
    hits: UpstreamHits,
    names: Collection[str],
) -> Callable[[str], Collection[str]]:
    """Return the function that names the upstreams which may answer for a crate."""
    upstreams = registry.upstreams
    order = upstreams.order
    if order is None:
        everything = tuple(hits)
        return lambda _name: everything
    claimed = claims.claimed(upstreams.listed, names)
    there = queries.places([one.catalog for one in served], names)
    catalogs = {one.upstream.name: one.catalog for one in served}
    found = {upstream: {hit.canonical_name for hit in one} for upstream, one in hits.items()}
    # A repository that has nothing to serve has no catalog.
    remotes = {one.name for one in upstreams.listed if isinstance(one, RemoteUpstream)}

    def may_answer(name: str) -> Collection[str]:
        def has(one: OrderedUpstream) -> bool | None:
            if name in found.get(one.name, ()):
                return True
            return None if one.name in remotes else catalogs.get(one.name) in there[name]

        return who_answers(order, name, has, had=claimed.get(name, ())).ask

    return may_answer


def _under_policies(
    registry: Registry, upstream: Upstream, hits: Sequence[UpstreamHit]
) -> Iterator[UpstreamHit]:
    policies = registry.upstreams.policies_of(upstream)
    now = datetime.now(UTC)
    for hit in hits:
        if allowed := under_policies(hit, policies, now):
            yield allowed


def _object(hit: UpstreamHit, upstream: Upstream, totals: CrateTotals | None) -> CrateObject:
    return CrateObject(
        name=hit.name,
        max_version="" if hit.yanked else hit.max_version,
        max_stable_version="" if hit.yanked else hit.max_stable_version,
        newest_version=hit.newest_version or hit.max_version,
        default_version=hit.default_version or hit.max_stable_version or hit.max_version,
        num_versions=hit.num_versions,
        yanked=hit.yanked,
        created_at=hit.created_at,
        updated_at=hit.updated_at,
        description=hit.description,
        keywords=(),
        categories=(),
        homepage=hit.homepage,
        documentation=hit.documentation,
        repository=hit.repository,
        # Those of this registry: it may stream files without storing them.
        downloads=totals.downloads if totals else 0,
        recent_downloads=totals.recent if totals else 0,
        upstream=upstream.name,
        stored=False,
    )
