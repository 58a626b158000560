"""Signals for saved or deleted rows that change what a registry serves, or to whom."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save

from pulpcore.plugin.models import AccessPolicy, ContentGuard, Domain, Repository, RepositoryVersion
from pulpcore.plugin.models.role import GroupRole, Role, UserRole

from pulp_cargo.app.models.crate_policy import CargoCratePolicy
from pulp_cargo.app.models.distribution import CargoDistribution
from pulp_cargo.app.models.remote import CargoRemote
from pulp_cargo.app.models.repository import CargoRepository
from pulp_cargo.app.models.retention import versions_trimmed
from pulp_cargo.app.models.token import CargoToken
from pulp_cargo.app.models.upstream import CargoUpstream
from pulp_cargo.app.notices import barrier, channel
from pulp_cargo.app.runtime.silence import is_silent

REGISTRY_MODELS = (
    CargoDistribution,
    CargoRepository,
    CargoRemote,
    CargoUpstream,
    CargoCratePolicy,
    ContentGuard,
    Domain,
)
PRINCIPAL_MODELS = (
    CargoToken,
    get_user_model(),
    Group,
    Role,
    UserRole,
    GroupRole,
    # The permission that an RBACContentGuard requires.
    AccessPolicy,
)
CARGO_REPOSITORY = CargoRepository.get_pulp_type()


def connect() -> None:
    """Start sending messages about rows that this process saves or deletes."""
    post_save.connect(_row_changed, dispatch_uid="pulp_cargo.saved")
    post_delete.connect(_row_changed, dispatch_uid="pulp_cargo.deleted")
    m2m_changed.connect(_membership_changed, dispatch_uid="pulp_cargo.membership")
    versions_trimmed.connect(_past_changed, dispatch_uid="pulp_cargo.trimmed")


def _row_changed(sender: type[Model], instance: Model, **kwargs: Any) -> None:
    if is_silent():
        return
    if isinstance(instance, RepositoryVersion):
        if instance.complete and instance.repository.pulp_type == CARGO_REPOSITORY:
            channel.repository_changed(instance.repository_id)
    elif isinstance(instance, REGISTRY_MODELS):
        _send(channel.registries_changed)
    elif isinstance(instance, Repository) and instance.pulp_type == CARGO_REPOSITORY:
        channel.repository_changed(instance.pk)
    elif isinstance(instance, PRINCIPAL_MODELS):
        _send(channel.principals_changed)


def _membership_changed(
    sender: type[Model], instance: Model, model: type[Model], **kwargs: Any
) -> None:
    """Send changes of groups' users, roles' permissions and guards' members, from either side."""
    sides = (type(instance), model)
    if any(issubclass(side, PRINCIPAL_MODELS) for side in sides):
        _send(channel.principals_changed)
    if any(issubclass(side, ContentGuard) for side in sides):
        _send(channel.registries_changed)


def _past_changed(sender: type[Model], repository: UUID, **kwargs: Any) -> None:
    channel.past_changed(repository)


def _send(message: Callable[[], None]) -> None:
    """Send a message that all processes must acknowledge before the change is answered."""
    message()
    barrier.ask_after_commit()
