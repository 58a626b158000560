"""Which other registries a registry stands in for: those of its upstreams."""

from collections.abc import Iterable
from itertools import chain
from uuid import UUID

from django.db.models import Q

from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoRepository, CargoUpstream
from pulp_cargo.app.models.sync_sources import synced_from
from pulp_cargo.app.queries.registry.own_urls import own_urls_of
from pulp_cargo.app.queries.upstreams.upstreams import (
    RemoteUpstream,
    RepositoryUpstream,
    Upstream,
)
from pulp_cargo.protocol.registry_url import CRATES_IO, CRATES_IO_SPARSE, is_crates_io


def mirrored_urls(
    distribution: CargoDistribution, upstreams: tuple[Upstream, ...]
) -> tuple[str, ...]:
    """Return the index URLs of the registries that a cache or a list of upstreams stands in for.

    An upstream that is asked for some names only is left out, because a dependency on another of
    its crates must lead there. A registry of what a cache has stored stands in for the upstream of
    the cache.
    """
    if distribution.remote:
        return tuple(sorted(_with_both_of_crates_io([distribution.remote.url])))
    if not upstreams:
        pinned = distribution.repository_version
        return stood_in_for(pinned.repository_id if pinned else distribution.repository_id)
    whole = [one for one in upstreams if "*" in one.patterns]
    ours = [one.repository for one in whole if isinstance(one, RepositoryUpstream)]
    found = CargoRepository.objects.select_related("pulp_domain").filter(pk__in=ours)
    repositories = list(found) if ours else []
    urls = own_urls_of(repositories)
    urls |= {url for one in repositories for url in inherited_urls(one)}
    remotes = [one.remote.url for one in whole if isinstance(one, RemoteUpstream)]
    urls |= _with_both_of_crates_io(remotes)
    return tuple(sorted(urls))


def stood_in_for(repository: UUID | None) -> tuple[str, ...]:
    """Return the index URLs of the registries that a registry of a repository alone stands in for."""
    return tuple(sorted(_with_both_of_crates_io(_cached_from(repository))))


def urls_of_synced_crates_io(repository: UUID) -> tuple[str, ...]:
    """Return the index URLs of crates.io if a repository is a mirror of it.

    Lines of a mirror name crates.io, and cargo uses the mirror in its place.
    """
    served = CargoDistribution.objects.filter(repository=repository)
    if served.filter(allow_uploads=True).exists():
        return ()
    remotes = {remote for _, remote in synced_from([repository])}
    urls = CargoRemote.objects.filter(pk__in=remotes).values_list("url", flat=True)
    return (CRATES_IO, CRATES_IO_SPARSE) if any(map(is_crates_io, urls)) else ()


def inherited_urls(repository: CargoRepository) -> set[str]:
    """Return the index URLs that copies and lists of a repository stand in for as it does itself.

    These are the sources of promotions, and upstreams of former caches. While a cache fills it or
    people publish to it, crates may be missing that a copy could not fetch.
    """
    # Hardly any repository has such URLs.
    if not repository.mirrored_urls:
        return set()
    fills = Q(allow_uploads=True) | Q(remote__isnull=False)
    if CargoDistribution.objects.filter(fills, repository=repository).exists():
        return set()
    if CargoUpstream.objects.filter(repository=repository, remote__isnull=False).exists():
        return set()
    return {url for url in repository.mirrored_urls if not is_crates_io(url)}


def _cached_from(repository: UUID | None) -> list[str]:
    """Return the URLs of the remotes whose crates a repository has, if it has no others.

    This includes remotes that its caches had before, because lock files from that time stay valid.
    """
    served = CargoDistribution.objects.filter(repository=repository)
    if repository is None or served.filter(allow_uploads=True).exists():
        # Published crates may depend on crates of an upstream that are not stored here.
        return []
    caches = served.filter(remote__isnull=False).values_list("remote__url", flat=True)
    listed = CargoUpstream.objects.filter(repository=repository, remote__isnull=False)
    former = CargoRepository.objects.filter(pk=repository).values_list("mirrored_urls", flat=True)
    return [*caches, *listed.values_list("remote__url", flat=True), *chain(*former)]


def _with_both_of_crates_io(urls: Iterable[str]) -> set[str]:
    """Return the URLs, with both of crates.io: dependencies name it by the URL of its git index."""
    found = set(urls)
    return found | {CRATES_IO, CRATES_IO_SPARSE} if any(map(is_crates_io, found)) else found
