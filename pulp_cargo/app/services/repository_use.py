"""The checks before every change of what gets into repositories, and from where.

They are called by the REST API, imports, the first registry and cache, syncs and replication; the
rules are in `rules/repository_use`. A user of None stands for Pulp itself: a management command, or
a task without a user.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q, QuerySet

from pulpcore.plugin.util import get_objects_for_user

from pulp_cargo.app.models import (
    CargoDistribution,
    CargoRemote,
    CargoRepository,
    CargoUpstream,
)
from pulp_cargo.app.queries.permissions import permissions_of
from pulp_cargo.app.queries.upstreams import repository_roles
from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.rules.repository_use import (
    NOTHING,
    Conflict,
    DistributionUse,
    UpstreamUse,
    find_conflict,
    is_another_server,
    needs_right_to_modify,
    sync_needs_right_to_modify,
)

MODIFY = "cargo.modify_cargorepository"
CHANGE = "cargo.change_cargoremote"


class CannotReplace(BadRequest):
    """A sync with `mirror` would remove the crates that were published to the repository."""

    def __init__(self, repository: str, distribution: str) -> None:
        super().__init__(
            f"{distribution} accepts uploads to the repository `{repository}`, and `mirror` would"
            " remove published crates"
        )


class NotForCaches(BadRequest):
    """A cache reads index files by name, so only a sparse index can be its upstream."""

    def __init__(self, remote: str) -> None:
        super().__init__(
            f"the remote `{remote}` has a git index or a folder, which only syncs can use: a cache"
            " needs the URL of a sparse index, `sparse+https://…/`"
        )


class RepositoryTaken(Exception):
    """The use of a repository conflicts with another use; the message is its name."""


class NotPermitted(Exception):
    """The user may not change a repository or remote; the message is for them."""


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

    The messages here name only what the user may view.
    """
    wanted = needs_right_to_modify(before, after)
    for repository in _not_modifiable(wanted, user):
        raise NotPermitted(
            f"To allow uploads to {_shown(repository, user)}, or to store crates of a remote there,"
            " you need the right to modify the repository."
        )


def require_permitted_for_remote(
    remote: CargoRemote, changes: Mapping[str, Any], user: AbstractBaseUser | None
) -> None:
    """Raise NotPermitted if changes of a remote let a user write to such a repository."""
    before = {name: getattr(remote, name, None) for name in changes}
    if not is_another_server(before, changes):
        return
    filled = repository_roles.filled_by(remote.pk)
    for repository in _not_modifiable(filled, user):
        raise NotPermitted(
            f"The crates of `{remote.name}` are stored in {_shown(repository, user)}: to change the"
            " server for them, you need the right to modify it."
        )


def require_for_caches(remote: CargoRemote | None) -> None:
    """Raise NotForCaches if no cache can have the remote as its upstream."""
    if remote is not None and not remote.is_sparse:
        raise NotForCaches(remote.name)


def require_no_cache(remote: CargoRemote) -> None:
    """Raise NotForCaches if a cache has the remote as its upstream."""
    distributions = CargoDistribution.objects.filter(remote=remote)
    listed = CargoUpstream.objects.filter(remote=remote)
    if distributions.exists() or listed.exists():
        raise NotForCaches(remote.name)


def require_permitted_for_sync(
    repository: CargoRepository,
    remote: CargoRemote,
    *,
    mirror: bool,
    user: AbstractBaseUser | None,
) -> None:
    """Raise NotPermitted if the right to sync a repository does not suffice for a sync."""
    if sync_needs_right_to_modify(remote.pk, repository.remote_id, mirror=mirror):
        require_modifiable(repository, user)


def require_changeable(remote: CargoRemote, user: AbstractBaseUser | None) -> None:
    """Raise NotPermitted unless a user may change a remote, with the keys that it trusts."""
    if user is not None and not permissions_of(user, [CHANGE], remote.pulp_domain, remote):
        raise NotPermitted(
            f"To accept an older snapshot, you need the right to change {_shown(remote, user)},"
            " with the trusted keys."
        )


def require_modifiable(repository: CargoRepository, user: AbstractBaseUser | None) -> None:
    """Raise NotPermitted unless a user may modify a repository."""
    if not may_modify(user, repository):
        shown = _shown(repository, user)
        raise NotPermitted(f"To change {shown}, you need the right to modify it.")


def may_modify(user: AbstractBaseUser | None, repository: CargoRepository) -> bool:
    """Whether a user may modify a repository: globally, in its domain, or this repository."""
    return user is None or bool(permissions_of(user, [MODIFY], repository.pulp_domain, repository))


def _not_modifiable(
    wanted: Iterable[UUID], user: AbstractBaseUser | None
) -> Iterable[CargoRepository]:
    """Return the repositories among these that a user may not modify."""
    found = CargoRepository.objects.select_related("pulp_domain").filter(pk__in=wanted)
    return (one for one in found.order_by("name") if not may_modify(user, one))


def _shown(
    one: CargoRepository | CargoRemote | CargoDistribution, user: AbstractBaseUser | None
) -> str:
    """Return words for an object, with its name only for users who may view it."""
    model = str(one._meta.model_name)
    kind = model.removeprefix("cargo")
    same = type(one).objects.filter(pk=one.pk)
    is_seen = user is None or get_objects_for_user(user, f"cargo.view_{model}", same).exists()
    return f"the {kind} `{one.name}`" if is_seen else f"a {kind} that you may not view"


def require_replaceable(
    repository: CargoRepository, *, user: AbstractBaseUser | None = None
) -> None:
    """Raise CannotReplace if a distribution accepts uploads for the repository."""
    open_one = _serving(repository).filter(allow_uploads=True).first()
    if open_one is not None:
        raise CannotReplace(repository.name, _shown(open_one, user))


def is_in_use(repository: CargoRepository) -> bool:
    """Whether a distribution serves a repository, or has it in its list of upstreams."""
    listed = CargoUpstream.objects.filter(repository=repository)
    return _serving(repository).exists() or listed.exists()


def _serving(repository: CargoRepository) -> QuerySet[CargoDistribution]:
    served = Q(repository=repository) | Q(repository_version__repository=repository)
    return CargoDistribution.objects.filter(served)
