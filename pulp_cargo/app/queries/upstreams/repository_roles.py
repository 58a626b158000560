"""For what purposes distributions use repositories (`rules/repository_use`)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from pulp_cargo.app.models import CargoDistribution, CargoRepository, CargoUpstream
from pulp_cargo.app.models.invariants import IS_PUBLISHED_TO
from pulp_cargo.app.runtime.rows import first_row
from pulp_cargo.rules.repository_use import Use


def uses_elsewhere(
    repositories: Collection[UUID], own: UUID | None = None
) -> Mapping[UUID, Collection[Use]]:
    """Return how other distributions than `own` use each of these repositories, if they do.

    Claims of users who may only view a repository do not count: they are for their own list.
    """
    distributions = CargoDistribution.objects.filter(repository__in=repositories).exclude(pk=own)
    entries = CargoUpstream.objects.filter(repository__in=repositories).exclude(distribution=own)
    found: defaultdict[UUID, set[Use]] = defaultdict(set)
    for use, rows in (
        (Use.UPLOADS, distributions.filter(allow_uploads=True)),
        (Use.CACHE, distributions.filter(remote__isnull=False)),
        (Use.CACHE, entries.filter(remote__isnull=False)),
        (Use.CLAIM, entries.filter(private=True, is_binding=True)),
    ):
        for repository in rows.values_list("repository", flat=True):
            found[repository].add(use)
    return found


def filled_by(remote: UUID) -> set[UUID]:
    """Return the repositories into which the crates of a remote go, by caches and by syncs."""
    distributions = CargoDistribution.objects.filter(remote=remote, repository__isnull=False)
    entries = CargoUpstream.objects.filter(remote=remote, repository__isnull=False)
    synced = CargoRepository.objects.filter(remote=remote)
    return {
        *distributions.values_list("repository", flat=True),
        *entries.values_list("repository", flat=True),
        *synced.values_list("pk", flat=True),
    }


def taking_uploads(repositories: Collection[UUID]) -> set[UUID]:
    """Return the repositories that accept uploads through some distribution."""
    found = CargoDistribution.objects.filter(repository__in=repositories, allow_uploads=True)
    return set(found.values_list("repository", flat=True))


def is_published_to(repository: UUID) -> bool:
    """Whether people publish to a repository: it accepts uploads, or is claimed by a list."""
    return first_row(f"SELECT {IS_PUBLISHED_TO}", {"repository": repository}) == (True,)
