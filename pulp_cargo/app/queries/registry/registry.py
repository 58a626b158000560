"""Which registry a URL names, and what it serves at this moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models import QuerySet

from pulpcore.plugin.models import Domain

from pulp_cargo.app.models import CargoDistribution, CargoRepository
from pulp_cargo.app.models.distribution import root_url
from pulp_cargo.app.queries.crate_policies import named_policy
from pulp_cargo.app.queries.registry.account_url import account_url
from pulp_cargo.app.queries.registry.guards import headers_read_by
from pulp_cargo.app.queries.registry.mirrored_urls import mirrored_urls
from pulp_cargo.app.queries.registry.own_urls import own_urls, urls_at
from pulp_cargo.app.queries.upstreams import repository_roles
from pulp_cargo.app.queries.upstreams.fillers import Filler, fillers_of
from pulp_cargo.app.queries.upstreams.upstreams import (
    RepositoryUpstream,
    Upstream,
    order_of,
    upstreams_of,
)
from pulp_cargo.protocol.auth import CREDENTIAL
from pulp_cargo.protocol.cargo_config import render_cargo_config
from pulp_cargo.protocol.errors import InvalidRegistryUrl
from pulp_cargo.protocol.registry_url import CRATES_IO, same_registry
from pulp_cargo.rules.crate_policy import NamedPolicy
from pulp_cargo.rules.upstream_order import Order


@dataclass(frozen=True, slots=True)
class Registry:
    """A distribution as cargo sees it, with the repository version that it serves.

    `version` is None for a registry without content. `own_urls` are all the index URLs that mean
    this registry: its own, those of the other distributions of the repository, and aliases.
    `mirrored_urls` mean registries whose crates this one has, too.
    `upstream_url` is the registry that this one stands in for.
    `guard_reads` are the headers by which its content guard decides, None if it may look at more.
    `upstreams` are where it has its crates from; without any it serves `version` alone.
    `order` says for a list of upstreams which of them answers.
    `crate_policy` is the one for what may come in from its upstreams, beside each one's own.
    `fillers` are the caches whose store its repository is, this registry perhaps among them.
    """

    pk: UUID
    name: str
    base_path: str
    domain: Domain = field(compare=False)
    root_url: str
    repository: UUID | None
    version: UUID | None
    number: int
    pinned: bool
    allow_uploads: bool
    auth_required: bool
    guarded: bool
    crates_io_rules: bool
    own_urls: tuple[str, ...]
    upstream_url: str | None = None
    guard_reads: frozenset[str] | None = frozenset()
    upstreams: tuple[Upstream, ...] = ()
    order: Order | None = None
    mirrored_urls: tuple[str, ...] = ()
    crate_policy: NamedPolicy | None = None
    fillers: tuple[Filler, ...] = ()

    @property
    def repositories(self) -> frozenset[UUID | None]:
        """The repositories whose content it serves."""
        return frozenset([self.repository, *(one.repository for one in self.upstreams)])

    @property
    def whole(self) -> RepositoryUpstream:
        """The repository version that it serves, as its only upstream."""
        return RepositoryUpstream(
            self.name, self.repository, self.version, self.number, fillers=self.fillers
        )

    def at(self, upstream: Upstream) -> "Registry":
        """Return the registry as if it served the repository of one of its upstreams alone."""
        return replace(
            self, repository=upstream.repository, version=upstream.version, number=upstream.number
        )

    @property
    def is_public(self) -> bool:
        """Whether anybody may read."""
        return not (self.auth_required or self.guarded)

    @property
    def wants_credential(self) -> bool:
        """Whether cargo has to send its token with reads: not for a guard that asks no user."""
        return self.auth_required or self.guard_reads is None or CREDENTIAL in self.guard_reads

    @property
    def index_url(self) -> str:
        """The URL as cargo's configuration wants it."""
        return f"sparse+{self.root_url}"

    def cargo_config(self, *, for_readers: bool) -> str:
        """What a person puts into cargo's `config.toml` to use this registry.

        What a private registry stands in for is for its readers to know.
        """
        return render_cargo_config(
            self.name,
            self.index_url,
            auth_required=self.wants_credential,
            upstream=self.upstream_url if for_readers else None,
        )

    @property
    def login_url(self) -> str:
        """Where a person gets a token."""
        return account_url(self.domain.name, self.base_path)

    def is_own(self, url: str) -> bool:
        """Whether a registry URL in a dependency means this registry."""
        return any(same_registry(url, own) for own in self.own_urls)

    def is_null(self, url: str) -> bool:
        """Whether a dependency on the registry with this URL is one on "this registry" here."""
        known = (*self.own_urls, *self.mirrored_urls)
        try:
            return any(same_registry(url, one) for one in known)
        except InvalidRegistryUrl:
            # An upstream's line may have anything there.
            return False

    def urls_of_null(self, registries: Iterable[str]) -> list[str]:
        """Return the URLs that are null, "this registry", in the index lines it serves.

        `registries` are those of a crate's dependencies other than crates.io. What a registry
        mirrors is null as its own is: cargo would take crates of two sources for different ones.
        Only in what is served: nobody who publishes can mean this registry by such a URL.
        """
        null = [url for url in registries if self.is_null(url)]
        return [*null, CRATES_IO] if CRATES_IO in self.mirrored_urls else null


def find(domain: str, path: str) -> Registry | None:
    """Return the registry whose base path begins `path`, or None.

    Base paths may hold slashes but never nest, so at most one of the path's beginnings is one.
    """
    found = _distributions().filter(base_path__in=_beginnings(path), pulp_domain__name=domain)
    distribution = found.first()
    return None if distribution is None else registry_of(distribution)


def oldest(count: int) -> list[Registry]:
    """Return so many registries, for a process that wants to know some before it is asked."""
    return [registry_of(one) for one in _distributions().order_by("pulp_created")[:count]]


def _distributions() -> QuerySet:
    return CargoDistribution.objects.select_related(
        "pulp_domain", "repository_version", "remote", "content_guard", "crate_policy"
    ).defer("repository_version__content_ids")


def _beginnings(path: str) -> Sequence[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, min(len(parts), 20) + 1)]


def registry_of(distribution: CargoDistribution) -> Registry:
    """Return what a distribution is to cargo at this moment."""
    pinned = distribution.repository_version
    repository = _repository(pinned.repository_id if pinned else distribution.repository_id)
    version = pinned or (repository and repository.latest_version())
    upstreams = upstreams_of(distribution)
    return Registry(
        pk=distribution.pk,
        name=distribution.name,
        base_path=distribution.base_path,
        domain=distribution.pulp_domain,
        root_url=root_url(distribution.pulp_domain.name, distribution.base_path),
        repository=repository.pk if repository else None,
        version=version.pk if version else None,
        number=version.number if version else 0,
        pinned=pinned is not None,
        allow_uploads=distribution.allow_uploads,
        auth_required=distribution.auth_required,
        guarded=distribution.content_guard_id is not None,
        crates_io_rules=bool(repository and repository.crates_io_rules),
        own_urls=tuple(
            urls_at(distribution.pulp_domain.name, [distribution.base_path])
            | (own_urls(repository) if repository else set())
        ),
        mirrored_urls=mirrored_urls(distribution, upstreams),
        upstream_url=distribution.remote and distribution.remote.url,
        guard_reads=headers_read_by(guard)
        if (guard := distribution.content_guard)
        else frozenset(),
        upstreams=upstreams,
        order=order_of(distribution, upstreams),
        crate_policy=named_policy(distribution.crate_policy),
        fillers=_fillers(repository),
    )


def _fillers(repository: CargoRepository | None) -> tuple[Filler, ...]:
    # What is published is nobody's upstream, whatever else may have come into the same repository.
    if repository is None or repository_roles.taking_uploads([repository.pk]):
        return ()
    return fillers_of([repository.pk]).get(repository.pk, ())


def _repository(pk: UUID | None) -> CargoRepository | None:
    return None if pk is None else CargoRepository.objects.filter(pk=pk).first()
