"""Which registry a URL names, and what it serves at this moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from pulpcore.plugin.models import Domain

from pulp_cargo.app.models import CargoDistribution, CargoRepository
from pulp_cargo.app.models.distribution import root_url
from pulp_cargo.app.queries.crate_policies import named_policy
from pulp_cargo.app.queries.registry.account_url import account_url
from pulp_cargo.app.queries.registry.guards import headers_read_by
from pulp_cargo.app.queries.registry.mirrored_urls import (
    inherited_urls,
    mirrored_urls,
    stood_in_for,
    urls_of_synced_crates_io,
)
from pulp_cargo.app.queries.registry.own_urls import own_urls, urls_at
from pulp_cargo.app.queries.upstreams import repository_roles
from pulp_cargo.app.queries.upstreams.fillers import Filler, fillers_of
from pulp_cargo.app.queries.upstreams.upstreams import (
    RemoteUpstream,
    RepositoryUpstream,
    Upstream,
    order_of,
    upstreams_of,
)
from pulp_cargo.protocol.auth import CREDENTIAL
from pulp_cargo.protocol.cargo_config import render_cargo_config
from pulp_cargo.protocol.errors import InvalidRegistryUrl
from pulp_cargo.protocol.registry_url import CRATES_IO, same_registry
from pulp_cargo.rules.policies.crate_policy import NamedPolicy
from pulp_cargo.rules.upstream_order import Answer, Order, only


@dataclass(frozen=True, slots=True)
class RegistryUrls:
    """The index URLs of a registry, and of those that it stands in for.

    `own` are all that mean this registry: its own, those of the other distributions of the
    repository, and aliases. `mirrored` mean registries whose crates this one has, too.
    `inherited` are those that copies of the registry have to stand in for as well.
    `upstream` is the registry that a cache stands in for. `login` is the page where a person gets a
    token.
    """

    root: str
    login: str = ""
    own: tuple[str, ...] = ()
    mirrored: tuple[str, ...] = ()
    inherited: tuple[str, ...] = ()
    upstream: str | None = None

    @property
    def index(self) -> str:
        """The URL as cargo's configuration requires it."""
        return f"sparse+{self.root}"

    @property
    def of_copies(self) -> tuple[str, ...]:
        """The URLs that mean a copy of the registry, sorted."""
        return tuple(sorted({*self.own, *self.inherited}))

    @property
    def null(self) -> tuple[str, ...]:
        """The URLs that are null, "this registry", in the index lines that it serves.

        What a registry mirrors is null as well, because cargo would treat crates of two sources as
        different ones. This applies to reads only: no publish can mean this registry by such a URL.
        """
        return (*self.own, *self.mirrored)

    def is_own(self, url: str) -> bool:
        """Whether a registry URL in a published dependency means this registry."""
        return any(same_registry(url, own) for own in self.own)

    def is_null(self, url: str) -> bool:
        """Whether a dependency on the registry with this URL is null where it is served."""
        try:
            return any(same_registry(url, one) for one in self.null)
        except InvalidRegistryUrl:
            # The line of an upstream may have any text there.
            return False

    def null_in(self, registries: Iterable[str]) -> list[str]:
        """Return the URLs that are null in the index lines of a crate.

        `registries` are those of its dependencies other than crates.io.
        """
        null = [url for url in registries if self.is_null(url)]
        return [*null, CRATES_IO] if CRATES_IO in self.mirrored else null


@dataclass(frozen=True, slots=True)
class ReadAccess:
    """Who may read a registry.

    `guard_reads` are the request headers on which its content guard depends, None if it may
    depend on anything else.
    """

    auth_required: bool = False
    guarded: bool = False
    guard_reads: frozenset[str] | None = frozenset()

    @property
    def is_public(self) -> bool:
        """Whether anybody may read."""
        return not (self.auth_required or self.guarded)

    @property
    def wants_credential(self) -> bool:
        """Whether cargo has to send its token with reads: not for a guard that ignores the user."""
        return self.auth_required or self.guard_reads is None or CREDENTIAL in self.guard_reads


@dataclass(frozen=True, slots=True)
class RegistryUpstreams:
    """Where the crates of a registry come from, and the crate policy for all of it.

    `listed` are its upstreams; without any it serves `own` alone, the version of its repository.
    `order` selects the upstreams of a list that answer for a crate, None without a list. With
    `until` only what remotes had published by that time is served.
    """

    own: RepositoryUpstream
    listed: tuple[Upstream, ...] = ()
    order: Order | None = None
    crate_policy: NamedPolicy | None = None
    until: datetime | None = None
    # The upstreams to ask for every crate, None for a list, where it depends on the name.
    answer: Answer | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Decide once what does not depend on the crate."""
        answer = only(*self.by_name) if self.order is None else None
        object.__setattr__(self, "answer", answer)

    @property
    def all(self) -> tuple[Upstream, ...]:
        """The upstreams, or its own repository as the only one."""
        return self.listed or (self.own,)

    @property
    def by_name(self) -> dict[str, Upstream]:
        """All upstreams by their names."""
        return {one.name: one for one in self.all}

    @property
    def repositories(self) -> frozenset[UUID | None]:
        """The repositories whose content the registry serves."""
        return frozenset([self.own.repository, *(one.repository for one in self.listed)])

    @property
    def policies_of_store(self) -> tuple[NamedPolicy, ...]:
        """The policies for all that is in the repository of the registry."""
        return self.policies_of(self.own)

    @property
    def have_policies(self) -> bool:
        """Whether a crate policy is in force for anything that the registry serves."""
        return any(self.policies_of(one, stored=True) for one in self.all)

    @property
    def serves_repository_as_it_is(self) -> bool:
        """Whether it serves the version of its repository without upstreams and policies."""
        return not (self.listed or self.policies_of_store)

    def policies_of(self, upstream: Upstream, *, stored: bool = False) -> tuple[NamedPolicy, ...]:
        """Return the policies for the crates of an upstream: its own, and the registry's.

        If the store of caches is served without an upstream, the policies of these caches apply,
        too; likewise for a repository that was synced.
        `stored` crates of an upstream may be from another remote, so the policy of that applies as
        well. No policy applies to repositories that no cache or sync fills.
        """
        found: list[NamedPolicy | None] = []
        if isinstance(upstream, RemoteUpstream):
            found += [upstream.remote.crate_policy, self.crate_policy]
            if stored:
                found += [one.of_remote for one in upstream.fillers]
        elif upstream.fillers:
            found += [policy for one in upstream.fillers for policy in one.policies]
            found.append(self.crate_policy)
        return tuple({one.pk: one for one in found if one is not None}.values())


@dataclass(frozen=True, slots=True)
class Past:
    """The state of the past that a URL names: the text after `@`.

    Without `has_catalog` its crates can neither be searched nor listed: a catalog takes time and
    space like the repository, so only labelled versions have one.
    """

    text: str
    has_catalog: bool


@dataclass(frozen=True, slots=True)
class Registry:
    """A distribution as cargo sees it, with the repository version that it serves.

    One that is `pinned` serves the same version for ever, unless it `follows` another Pulp: a
    replication has made it, and pins it to another version each time. With `crate_owners` the crates of its
    repository belong to owners. `past` is set for a state of its past (`queries/registry/past`).
    """

    pk: UUID
    name: str
    base_path: str
    domain: Domain = field(compare=False)
    urls: RegistryUrls
    access: ReadAccess
    upstreams: RegistryUpstreams
    pinned: bool = False
    follows: bool = False
    allow_uploads: bool = False
    crates_io_rules: bool = False
    crate_owners: bool = False
    past: Past | None = None

    @property
    def content(self) -> RepositoryUpstream:
        """The repository version that it serves itself; `version` is None without content."""
        return self.upstreams.own

    def at_version(self, version: UUID, number: int) -> "Registry":
        """Return the registry as it is when it serves another version of its repository."""
        own = replace(self.content, version=version, number=number)
        return replace(self, upstreams=replace(self.upstreams, own=own))

    def cargo_config(self, *, for_readers: bool) -> str:
        """Return the lines to add to cargo's `config.toml` to use this registry.

        Only readers learn which registry a private one stands in for.
        """
        return render_cargo_config(
            self.name,
            self.urls.index,
            auth_required=self.access.wants_credential,
            upstream=self.urls.upstream if for_readers else None,
        )


# The label of what a replication of Pulp has made.
OF_REPLICATION = "UpstreamPulp"


def find(domain: str, path: str) -> Registry | None:
    """Return the registry whose base path begins `path`, or None.

    Base paths may contain slashes but never nest, so at most one prefix of the path is one.
    """
    found = _distributions().filter(base_path__in=_beginnings(path), pulp_domain__name=domain)
    distribution = found.first()
    return None if distribution is None else registry_of(distribution)


def oldest(count: int) -> list[Registry]:
    """Return the first registries that were created, for a process to load before any request."""
    return [registry_of(one) for one in _distributions().order_by("pulp_created")[:count]]


def _distributions() -> QuerySet:
    # The other relations are None for most registries, or read one by one: PostgreSQL takes 7 ms of
    # CPU to plan a join of them all, ten times as long as for their statements.
    related = CargoDistribution.objects.select_related("pulp_domain", "repository_version")
    return related.defer("repository_version__content_ids")


def _beginnings(path: str) -> Sequence[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, min(len(parts), 20) + 1)]


def registry_of(distribution: CargoDistribution) -> Registry:
    """Return the registry that a distribution is at this moment."""
    pinned = distribution.repository_version
    repository = _repository(pinned.repository_id if pinned else distribution.repository_id)
    version = pinned or (repository and repository.latest_version())
    upstreams = upstreams_of(distribution)
    return Registry(
        pk=distribution.pk,
        name=distribution.name,
        base_path=distribution.base_path,
        domain=distribution.pulp_domain,
        urls=_urls(distribution, repository, upstreams),
        access=_access(distribution),
        upstreams=RegistryUpstreams(
            own=RepositoryUpstream(
                distribution.name,
                repository=repository.pk if repository else None,
                version=version.pk if version else None,
                number=version.number if version else 0,
                fillers=_fillers(repository),
            ),
            listed=upstreams,
            order=order_of(distribution, upstreams),
            crate_policy=named_policy(distribution.crate_policy),
        ),
        pinned=pinned is not None,
        follows=OF_REPLICATION in distribution.pulp_labels,
        allow_uploads=distribution.allow_uploads,
        crates_io_rules=bool(repository and repository.crates_io_rules),
        crate_owners=bool(repository and repository.crate_owners),
    )


def _urls(
    distribution: CargoDistribution,
    repository: CargoRepository | None,
    upstreams: tuple[Upstream, ...],
) -> RegistryUrls:
    domain, base_path = distribution.pulp_domain.name, distribution.base_path
    own = urls_at(domain, [base_path]) | (own_urls(repository) if repository else set())
    return RegistryUrls(
        root=root_url(domain, base_path),
        login=account_url(domain, base_path),
        own=tuple(own),
        mirrored=mirrored_urls(distribution, upstreams),
        inherited=tuple(inherited_urls(repository)) if repository and not upstreams else (),
        upstream=distribution.remote and distribution.remote.url,
    )


def urls_within(repository: CargoRepository) -> RegistryUrls:
    """Return the URLs of which crates and their dependencies are from a repository alone.

    They are null in the lines of its registry, except for crates.io if it was synced from there.
    """
    mirrored = {*stood_in_for(repository.pk), *urls_of_synced_crates_io(repository.pk)}
    return RegistryUrls("", own=tuple(own_urls(repository)), mirrored=tuple(sorted(mirrored)))


def _access(distribution: CargoDistribution) -> ReadAccess:
    guard = distribution.content_guard
    return ReadAccess(
        auth_required=distribution.auth_required,
        guarded=guard is not None,
        guard_reads=headers_read_by(guard) if guard else frozenset(),
    )


def _fillers(repository: CargoRepository | None) -> tuple[Filler, ...]:
    # Published crates come from no upstream, even if a cache has stored others beside them.
    if repository is None or repository_roles.taking_uploads([repository.pk]):
        return ()
    return fillers_of([repository.pk]).get(repository.pk, ())


def _repository(pk: UUID | None) -> CargoRepository | None:
    return None if pk is None else CargoRepository.objects.filter(pk=pk).first()
