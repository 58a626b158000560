"""The permissions of a user on an object: given on it, in its domain or everywhere.

`user.has_perm` takes up to three statements for a permission at each of these places, some forty
for the first request with a token to a registry.
"""

from collections.abc import Collection, Iterator

from django.conf import settings
from django.contrib.auth import load_backend
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model, Q

from pulpcore.plugin.models import Domain
from pulpcore.plugin.models.role import GroupRole, UserRole

# Pulp's roles. What other backends of a deployment say is asked of them.
ROLES = "pulpcore.backends.ObjectRolePermissionBackend"


def permissions_of(
    user: AbstractBaseUser, wanted: Collection[str], domain: Domain, unit: Model
) -> frozenset[str]:
    """Return those of the `wanted` permissions, as `app.codename`, that a user has on an object."""
    if user.is_active and user.is_superuser:
        return frozenset(wanted)
    found = frozenset(wanted).intersection(_of_roles(user, wanted, domain, unit))
    missing = frozenset(wanted) - found
    return found | {one for one in missing if _elsewhere(user, one, domain, unit)}


def _of_roles(
    user: AbstractBaseUser, wanted: Collection[str], domain: Domain, unit: Model
) -> Iterator[str]:
    """Yield permissions by the roles of the user and of their groups, in one statement."""
    if ROLES not in settings.AUTHENTICATION_BACKENDS:
        return
    split = [one.split(".", maxsplit=1) for one in wanted]
    here = (
        Q(object_id=None, domain=None) | Q(domain=domain) | Q(object_id=str(unit.pk)),
        Q(role__permissions__content_type__app_label__in={app_label for app_label, _ in split}),
        Q(role__permissions__codename__in={codename for _, codename in split}),
    )
    names = ("role__permissions__content_type__app_label", "role__permissions__codename")
    own = UserRole.objects.filter(*here, user=user).values_list(*names)
    of_groups = GroupRole.objects.filter(*here, group__user=user).values_list(*names)
    for app_label, codename in own.union(of_groups):
        yield f"{app_label}.{codename}"


def _elsewhere(user: AbstractBaseUser, permission: str, domain: Domain, unit: Model) -> bool:
    """Whether a backend other than Pulp's roles gives the permission."""
    others = (load_backend(path) for path in settings.AUTHENTICATION_BACKENDS if path != ROLES)
    return any(
        backend.has_perm(user, permission, place)
        for backend in others
        if hasattr(backend, "has_perm")
        for place in (None, domain, unit)
    )
