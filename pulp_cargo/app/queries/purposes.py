"""What repositories are there for: a private one claims names, a store keeps what an upstream has.

One that is both would claim every name that somebody fetches; and where a store took uploads, an
upstream could put its crates beside those that were published.
"""

from collections.abc import Collection
from uuid import UUID

from pulp_cargo.app.models import CargoDistribution, CargoUpstream


def claiming(repositories: Collection[UUID], but: UUID | None = None) -> set[UUID]:
    """Return those that are private in a list of another distribution than `but`."""
    found = CargoUpstream.objects.filter(repository__in=repositories, private=True)
    return set(found.exclude(distribution=but).values_list("repository", flat=True))


def taking_uploads(repositories: Collection[UUID], but: UUID | None = None) -> set[UUID]:
    """Return those that take uploads through another distribution than `but`."""
    found = CargoDistribution.objects.filter(repository__in=repositories, allow_uploads=True)
    return set(found.exclude(pk=but).values_list("repository", flat=True))


def stores(repositories: Collection[UUID], but: UUID | None = None) -> set[UUID]:
    """Return those that belong to a remote in another distribution than `but`."""
    caches = CargoDistribution.objects.filter(repository__in=repositories, remote__isnull=False)
    listed = CargoUpstream.objects.filter(repository__in=repositories, remote__isnull=False)
    return {
        *caches.exclude(pk=but).values_list("repository", flat=True),
        *listed.exclude(distribution=but).values_list("repository", flat=True),
    }
