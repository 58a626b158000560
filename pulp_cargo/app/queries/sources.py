"""Where a registry has its crates from, when they are not all in one repository."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoRepository


@dataclass(frozen=True, slots=True)
class RemoteView:
    """An upstream registry as a cache needs it; `max_age` and `stale_for` are seconds.

    `updated` changes with every change of the remote. `stale_for` is None for ever.
    """

    pk: UUID
    name: str
    url: str
    policy: str
    updated: datetime | None
    max_age: int
    stale_for: int | None


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
    listed = tuple(_listed(distribution))
    if listed or distribution.remote is None:
        return listed
    remote = distribution.remote.cast()
    return (_source(remote.name, remote, _repository(distribution.repository_id)),)


def _listed(distribution: CargoDistribution) -> Iterator[Source]:
    for upstream in distribution.upstreams.select_related("remote", "repository"):
        yield _source(
            upstream.name,
            upstream.remote,
            upstream.repository,
            patterns=tuple(upstream.patterns),
            pins=tuple(upstream.pins),
            private=upstream.private,
        )


def _source(
    name: str, remote: CargoRemote | None, repository: CargoRepository | None, **order: Any
) -> Source:
    version = repository and repository.latest_version()
    return Source(
        name=name,
        remote=remote and _view(remote),
        repository=repository and repository.pk,
        version=version and version.pk,
        number=version.number if version else 0,
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
    )


def _repository(pk: UUID | None) -> CargoRepository | None:
    return None if pk is None else CargoRepository.objects.filter(pk=pk).first()
