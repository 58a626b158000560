"""Where a registry has its crates from, when they are not all in one repository."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoUpstream
from pulp_cargo.app.queries import heads
from pulp_cargo.app.queries.crate_policies import NamedPolicy, named_policy
from pulp_cargo.rules.upstream_order import Order, Upstream


@dataclass(frozen=True, slots=True)
class RemoteView:
    """An upstream registry as a cache needs it; `max_age` and `stale_for` are seconds.

    `updated` changes with every change of the remote. `stale_for` is None for ever. `rules` are
    those for what may come in from there.
    """

    pk: UUID
    name: str
    url: str
    policy: str
    updated: datetime | None
    max_age: int
    stale_for: int | None
    rules: NamedPolicy | None = None

    @property
    def identity(self) -> tuple[UUID, str]:
        """What is remembered of a remote is remembered by this: another URL is another registry."""
        return self.pk, self.url


@dataclass(frozen=True, slots=True)
class Source:
    """One upstream of a registry: a repository of ours, or a remote with what we keep of it.

    `version` is None without a repository. Only a source without a remote can be `private`.
    """

    name: str
    remote: RemoteView | None
    repository: UUID | None
    version: UUID | None
    number: int = 0
    patterns: tuple[str, ...] = ("*",)
    pins: tuple[str, ...] = ()
    private: bool = False


def sources_of(distribution: CargoDistribution) -> tuple[Source, ...]:
    """Return a distribution's upstreams in order; none where one repository is all it serves.

    One that is pinned to a repository version serves just that, whatever else it has.
    """
    if distribution.repository_version_id is not None:
        return ()
    if distribution.remote is None:
        return _listed(list(distribution.upstreams.select_related("remote__crate_policy")))
    remote = distribution.remote.cast()
    versions = heads.latest_versions({distribution.repository_id} - {None})
    return (_source(remote.name, remote, distribution.repository_id, versions),)


def order_of(distribution: CargoDistribution, sources: tuple[Source, ...]) -> Order | None:
    """Return which of a list's upstreams answer for what, None for a registry without a list."""
    if distribution.remote_id is not None or not sources:
        return None
    return Order(
        tuple(Upstream(one.name, one.patterns, one.pins, one.private) for one in sources),
        reserved=tuple(distribution.reserved_names),
        mixed=tuple(distribution.mixed_names),
    )


def _listed(upstreams: Sequence[CargoUpstream]) -> tuple[Source, ...]:
    versions = heads.latest_versions({one.repository_id for one in upstreams} - {None})
    return tuple(
        _source(
            one.name,
            one.remote,
            one.repository_id,
            versions,
            patterns=tuple(one.patterns),
            pins=tuple(one.pins),
            private=one.private,
        )
        for one in upstreams
    )


def _source(
    name: str,
    remote: CargoRemote | None,
    repository: UUID | None,
    versions: Mapping[UUID, tuple[UUID, int]],
    **order: Any,
) -> Source:
    version, number = versions.get(repository, (None, 0)) if repository else (None, 0)
    return Source(
        name=name,
        remote=remote and _view(remote),
        repository=repository,
        version=version,
        number=number,
        **order,
    )


def _view(remote: CargoRemote) -> RemoteView:
    max_age = remote.index_max_age
    return RemoteView(
        pk=remote.pk,
        name=remote.name,
        url=remote.url,
        policy=remote.policy,
        updated=remote.pulp_last_updated,
        max_age=settings.CARGO_UPSTREAM_MAX_AGE if max_age is None else max_age,
        stale_for=remote.stale_for,
        rules=named_policy(remote.crate_policy),
    )
