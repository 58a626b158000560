"""The registries that a user may use, for the choice of a registry on the account page."""

from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q, QuerySet

from pulpcore.plugin.models import ContentGuard, Domain
from pulpcore.plugin.util import get_objects_for_user

from pulp_cargo.app.models import CargoDistribution
from pulp_cargo.app.models.core import RBACContentGuard, with_domain
from pulp_cargo.app.queries.permissions import permissions_of
from pulp_cargo.app.queries.registry.token_scopes import PERMISSIONS

# The permission that Pulp's RBAC guard requires.
DOWNLOAD = "core.download_rbaccontentguard"
PUBLIC = Q(auth_required=False, content_guard=None)


def usable_registries(
    user: AbstractBaseUser, domain: Domain, most: int
) -> Sequence[CargoDistribution]:
    """Return the first `most` registries of a domain, by name, that a user may use.

    These are the public ones and those on which the user has a role for cargo's requests. Public
    registries that are hidden are left out, as in the list of Pulp's content app.
    """
    found = _of(domain).filter(PUBLIC & Q(hidden=False) | _permitted(user, domain))
    return list(found.order_by("name")[:most])


def usable_registry(
    user: AbstractBaseUser, domain: Domain, base_path: str
) -> CargoDistribution | None:
    """Return the registry at a base path, None if the user may not use it or there is none."""
    found = _of(domain).filter(base_path=base_path).select_related("content_guard").first()
    return found if found is not None and is_usable(user, found) else None


def is_usable(user: AbstractBaseUser, distribution: CargoDistribution) -> bool:
    """Return whether a user may use a registry."""
    if _is_open_to(user, distribution):
        return True
    domain = distribution.pulp_domain
    return bool(_of(domain).filter(_permitted(user, domain), pk=distribution.pk).exists())


def _of(domain: Domain) -> QuerySet[CargoDistribution]:
    return CargoDistribution.objects.filter(pulp_domain=domain)


def _is_open_to(user: AbstractBaseUser, distribution: CargoDistribution) -> bool:
    """Return whether the user may read a registry without a role on it."""
    if distribution.auth_required:
        return False
    guard = distribution.content_guard
    return guard is None or _is_admitted(user, guard.cast())


def _is_admitted(user: AbstractBaseUser, guard: ContentGuard) -> bool:
    """Return whether a guard admits the user; other guards depend on more than the user."""
    return isinstance(guard, RBACContentGuard) and bool(
        permissions_of(user, [DOWNLOAD], guard.pulp_domain, guard)
    )


def _permitted(user: AbstractBaseUser, domain: Domain) -> Q:
    with with_domain(domain):
        permissions = sorted(set(PERMISSIONS.values()))
        found = get_objects_for_user(user, permissions, _of(domain), any_perm=True)
    return Q(pk__in=found.values("pk"))
