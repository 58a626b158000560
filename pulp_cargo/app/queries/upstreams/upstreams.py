"""Where the crates of a registry come from, if not from a single repository."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from pulpcore.plugin.models import Remote

from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoUpstream
from pulp_cargo.app.queries.crate_policies import named_policy
from pulp_cargo.app.queries.repository import head
from pulp_cargo.app.queries.upstreams import repository_roles
from pulp_cargo.app.queries.upstreams.fillers import Filler, fillers_of
from pulp_cargo.protocol.registry_url import CRATES_IO, is_crates_io
from pulp_cargo.rules.policies.crate_policy import NamedPolicy
from pulp_cargo.rules.upstream_order import Order, OrderedUpstream

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UpstreamRemote:
    """The settings of a remote that a cache needs; `max_age` and `stale_for` are in seconds.

    `updated` changes with every change of the remote. A `stale_for` of None means without limit.
    `crate_policy` applies to all that comes from the remote. With `searches` the upstream's own web
    API is asked by searches.
    """

    pk: UUID
    name: str
    url: str
    policy: str
    updated: datetime | None
    max_age: int
    stale_for: int | None
    crate_policy: NamedPolicy | None = None
    searches: bool = False
    # The key for what is cached from a remote: with another URL it is another registry.
    identity: tuple[UUID, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the key once for all requests."""
        object.__setattr__(self, "identity", (self.pk, self.url))

    @property
    def registry(self) -> str:
        """The URL by which dependencies name it (Cargo Book, "Index Format")."""
        return CRATES_IO if is_crates_io(self.url) else self.url

    def is_usable(self, checked_at: datetime, *, has_crate: bool = True) -> bool:
        """Whether what the upstream confirmed at that time may be used if it does not answer now.

        That it has no such crate may not, once it is due for a check: otherwise the next upstream
        of a list would answer for the name.
        """
        seconds = self.stale_for if has_crate else self.max_age
        return seconds is None or (datetime.now(UTC) - checked_at).total_seconds() < seconds


@dataclass(frozen=True, slots=True)
class RepositoryUpstream:
    """A repository of this Pulp as an upstream; `version` is None if there is no content to serve.

    `fillers` are the caches and syncs that store the crates of their remotes in it.
    """

    name: str
    repository: UUID | None
    version: UUID | None
    number: int = 0
    patterns: tuple[str, ...] = ("*",)
    pins: tuple[str, ...] = ()
    private: bool = False
    fillers: tuple[Filler, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteUpstream:
    """A remote as an upstream, with the repository that stores its crates, if there is one.

    A repository that accepts uploads is left out, because crates of the upstream would be served as
    published ones. Such combinations are refused now, but older rows may have them.
    """

    name: str
    remote: UpstreamRemote
    repository: UUID | None = None
    version: UUID | None = None
    number: int = 0
    patterns: tuple[str, ...] = ("*",)
    pins: tuple[str, ...] = ()
    private: bool = False
    fillers: tuple[Filler, ...] = ()

    @property
    def store(self) -> UUID | None:
        """The repository to which downloads are added, None if nothing is stored."""
        return None if self.remote.policy == Remote.STREAMED else self.repository

    @property
    def whole_store(self) -> UUID | None:
        """The repository to which all versions of a requested crate are added, None for only that."""
        return self.repository if self.remote.policy == Remote.IMMEDIATE else None


Upstream = RepositoryUpstream | RemoteUpstream


def upstreams_of(distribution: CargoDistribution) -> tuple[Upstream, ...]:
    """Return a distribution's upstreams in order; none if it serves a single repository.

    One that is pinned to a repository version serves only that.
    """
    if distribution.repository_version_id is not None:
        return ()
    if distribution.remote is None:
        upstreams = distribution.upstreams.select_related("remote__crate_policy")
        return _listed(distribution.name, list(upstreams))
    remote = distribution.remote.cast()
    given = {distribution.repository_id} if distribution.repository_id else set()
    stores = _stores(distribution.name, given, _taking_uploads(given))
    versions = head.latest_versions(stores)
    repository = distribution.repository_id if stores else None
    return (_upstream(remote.name, remote, repository, versions, fillers_of(stores)),)


def order_of(distribution: CargoDistribution, upstreams: tuple[Upstream, ...]) -> Order | None:
    """Return which upstreams of a list answer for which crates, None without a list."""
    if distribution.remote_id is not None or not upstreams:
        return None
    return Order(
        tuple(OrderedUpstream(one.name, one.patterns, one.pins, one.private) for one in upstreams),
        reserved=tuple(distribution.reserved_names),
        mixed=tuple(distribution.mixed_names),
    )


def _listed(name: str, upstreams: Sequence[CargoUpstream]) -> tuple[Upstream, ...]:
    given = {one.repository_id for one in upstreams if one.remote_id and one.repository_id}
    ours = {one.repository_id for one in upstreams if not one.remote_id}
    published = _taking_uploads(given | ours)
    stores = _stores(name, given, published)
    versions = head.latest_versions(stores | ours)
    fillers = fillers_of((stores | ours) - published)
    return tuple(
        _upstream(
            one.name,
            one.remote,
            one.repository_id if one.repository_id in stores | ours else None,
            versions,
            fillers,
            patterns=tuple(one.patterns),
            pins=tuple(one.pins),
            private=one.private,
        )
        for one in upstreams
    )


def _stores(registry: str, given: set[UUID], published: set[UUID]) -> set[UUID]:
    """Return the repositories of a registry that may store the crates of a remote."""
    if given & published:
        log.warning(
            "The registry %s stores no crates of its remote, because its repository accepts"
            " uploads; a cache needs a separate repository.",
            registry,
        )
    return given - published


def _taking_uploads(repositories: set[UUID]) -> set[UUID]:
    return repository_roles.taking_uploads(repositories) if repositories else set()


def _upstream(
    name: str,
    remote: CargoRemote | None,
    repository: UUID | None,
    versions: Mapping[UUID, tuple[UUID, int]],
    fillers: Mapping[UUID, tuple[Filler, ...]],
    **order: Any,
) -> Upstream:
    version, number = versions.get(repository, (None, 0)) if repository else (None, 0)
    order["fillers"] = fillers.get(repository, ()) if repository else ()
    if remote is None:
        return RepositoryUpstream(name, repository, version, number, **order)
    return RemoteUpstream(name, _view(remote), repository, version, number, **order)


def _view(remote: CargoRemote) -> UpstreamRemote:
    max_age = remote.index_max_age
    return UpstreamRemote(
        pk=remote.pk,
        name=remote.name,
        url=remote.url,
        policy=remote.policy,
        updated=remote.pulp_last_updated,
        max_age=settings.CARGO_UPSTREAM_MAX_AGE if max_age is None else max_age,
        stale_for=remote.stale_for,
        crate_policy=named_policy(remote.crate_policy),
        searches=remote.search_upstream,
    )
