"""The checks before every change of how distributions use repositories.

They are called by the REST API, the first registry and cache, syncs and replication; the rules are
in `rules/repository_use`.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q, QuerySet

from pulp_cargo.app.models import (
    CargoDistribution,
    CargoRemote,
    CargoRepository,
    CargoUpstream,
)
from pulp_cargo.app.queries.upstreams import repository_roles
from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.rules.repository_use import (
    NOTHING,
    Conflict,
    DistributionUse,
    UpstreamUse,
    find_conflict,
    needs_right_to_modify,
)

MODIFY = "cargo.modify_cargorepository"


class CannotReplace(BadRequest):
    """A sync with `mirror` would remove the crates that were published to the repository."""

    def __init__(self, repository: str, distribution: str) -> None:
        super().__init__(
            f"the distribution `{distribution}` accepts uploads to the repository `{repository}`,"
            " and `mirror` would remove published crates"
        )


class RepositoryTaken(Exception):
    """The use of a repository conflicts with another use; the message is its name."""


class NotPermitted(Exception):
    """The user may not modify a repository; the message is its name."""


def use_of(
    *,
    repository: CargoRepository | None,
    remote: CargoRemote | None,
    allow_uploads: bool,
    upstreams: Iterable[Mapping[str, Any]],
) -> DistributionUse:
    """Return the uses of a distribution with these fields, as a value for the rules."""
    return DistributionUse(
        repository=repository and repository.pk,
        remote=remote and remote.pk,
        allow_uploads=bool(allow_uploads),
        upstreams=tuple(
            UpstreamUse(
                name=one["name"],
                repository=one["repository"] and one["repository"].pk,
                remote=one["remote"] and one["remote"].pk,
                private=one["private"],
            )
            for one in upstreams
        ),
    )


def find_new_conflict(
    before: DistributionUse, after: DistributionUse, own: UUID | None
) -> Conflict | None:
    """Return a new use that conflicts with other distributions than `own`, None if none does."""
    uses = after.uses() - before.uses()
    if not uses:
        return None
    elsewhere = repository_roles.uses_elsewhere({one.repository for one in uses}, own)
    return find_conflict(uses, elsewhere)


def require_free(
    repository: CargoRepository, *, remote: CargoRemote | None = None, allow_uploads: bool = False
) -> None:
    """Raise RepositoryTaken if a new distribution may not use a repository in this way."""
    wanted = use_of(repository=repository, remote=remote, allow_uploads=allow_uploads, upstreams=())
    if find_new_conflict(NOTHING, wanted, None):
        raise RepositoryTaken(repository.name)


def require_permitted(
    before: DistributionUse, after: DistributionUse, user: AbstractBaseUser | None
) -> None:
    """Raise NotPermitted if a change lets a user write to a repository that they may not modify.

    None stands for Pulp itself: a management command, or a task without a user.
    """
    wanted = needs_right_to_modify(before, after)
    if user is None or not wanted:
        return
    for repository in CargoRepository.objects.select_related("pulp_domain").filter(pk__in=wanted):
        if not may_modify(user, repository):
            raise NotPermitted(repository.name)


def may_modify(user: AbstractBaseUser, repository: CargoRepository) -> bool:
    """Whether a user may modify a repository: globally, in its domain, or this repository."""
    places = (None, repository.pulp_domain, repository)
    return any(user.has_perm(MODIFY, place) for place in places)


def require_replaceable(repository: CargoRepository) -> None:
    """Raise CannotReplace if a distribution accepts uploads for the repository."""
    open_one = _serving(repository).filter(allow_uploads=True).first()
    if open_one is not None:
        raise CannotReplace(repository.name, open_one.name)


def is_in_use(repository: CargoRepository) -> bool:
    """Whether a distribution serves a repository, or has it in its list of upstreams."""
    listed = CargoUpstream.objects.filter(repository=repository)
    return _serving(repository).exists() or listed.exists()


def _serving(repository: CargoRepository) -> QuerySet[CargoDistribution]:
    served = Q(repository=repository) | Q(repository_version__repository=repository)
    return CargoDistribution.objects.filter(served)
