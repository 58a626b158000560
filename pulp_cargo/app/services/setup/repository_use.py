"""The one door before every change of what distributions do with repositories.

REST, the first registry and cache, syncs and replication ask here; the rule is
`rules/repository_use`.
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
    """People publish to the repository, and making it equal to another would undo that."""

    def __init__(self, repository: str, distribution: str) -> None:
        super().__init__(
            f"the distribution `{distribution}` takes uploads for the repository `{repository}`,"
            " and `mirror` would remove what was published there"
        )


class RepositoryTaken(Exception):
    """A repository is there for something else than what is to be made with it; names it."""


class NotPermitted(Exception):
    """Somebody would write into a repository that they may not modify; names the repository."""


def use_of(
    *,
    repository: CargoRepository | None,
    remote: CargoRemote | None,
    allow_uploads: bool,
    upstreams: Iterable[Mapping[str, Any]],
) -> DistributionUse:
    """Return what a distribution with these fields does, in terms of the rule."""
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
    """Return the use that comes with a change and does not go with those of others than `own`."""
    uses = after.uses() - before.uses()
    if not uses:
        return None
    elsewhere = repository_roles.uses_elsewhere({one.repository for one in uses}, own)
    return find_conflict(uses, elsewhere)


def require_free(
    repository: CargoRepository, *, remote: CargoRemote | None = None, allow_uploads: bool = False
) -> None:
    """Raise RepositoryTaken where a new distribution may not do this with a repository."""
    wanted = use_of(repository=repository, remote=remote, allow_uploads=allow_uploads, upstreams=())
    if find_new_conflict(NOTHING, wanted, None):
        raise RepositoryTaken(repository.name)


def require_permitted(
    before: DistributionUse, after: DistributionUse, user: AbstractBaseUser | None
) -> None:
    """Raise NotPermitted where a user would write into what they may not modify.

    None is Pulp itself: a management command, or a task without a user.
    """
    wanted = needs_right_to_modify(before, after)
    if user is None or not wanted:
        return
    for repository in CargoRepository.objects.select_related("pulp_domain").filter(pk__in=wanted):
        if not may_modify(user, repository):
            raise NotPermitted(repository.name)


def may_modify(user: AbstractBaseUser, repository: CargoRepository) -> bool:
    """Whether a user may change what is in a repository, by a role on any level."""
    places = (None, repository.pulp_domain, repository)
    return any(user.has_perm(MODIFY, place) for place in places)


def require_replaceable(repository: CargoRepository) -> None:
    """Raise CannotReplace where people publish to the repository."""
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
