"""The registries of a domain for the page above all of them: the public ones, and those of a visitor."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q, QuerySet

from pulpcore.plugin.models import Domain
from pulpcore.plugin.util import get_objects_for_user

from pulp_cargo.app.models import CargoDistribution
from pulp_cargo.app.models.core import RBACContentGuard, with_domain
from pulp_cargo.app.models.distribution import root_url
from pulp_cargo.app.queries.registry.token_scopes import PERMISSIONS, Visitor
from pulp_cargo.app.queries.registry.usable import DOWNLOAD, PUBLIC
from pulp_cargo.rules.token_scopes import Scope


@dataclass(frozen=True, slots=True)
class ListedRegistry:
    """The name and the URL of a registry."""

    name: str
    url: str


def public_registries(domain: str, most: int) -> Sequence[ListedRegistry]:
    """Return the first `most` public registries of a domain, by name, without hidden ones."""
    return _listed(CargoDistribution.objects.filter(PUBLIC, _shown(domain)), domain, most)


def registries_of(visitor: Visitor, domain: str, most: int) -> Sequence[ListedRegistry]:
    """Return the first `most` other registries that a visitor may read, without hidden ones.

    A guard that depends on more than the user is not asked, so its registries are left out.
    """
    found = Domain.objects.filter(name=domain).first()
    if found is None:
        return []
    others = CargoDistribution.objects.filter(~PUBLIC, _shown(domain))
    if visitor.distribution is not None:
        others = others.filter(pk=visitor.distribution)
    readable = Q(auth_required=False) | Q(pk__in=_permitted(visitor.user, found, others))
    admitted = Q(content_guard=None) | Q(content_guard__in=_admitting(visitor.user, found))
    return _listed(others.filter(readable, admitted), domain, most)


def _shown(domain: str) -> Q:
    return Q(hidden=False, pulp_domain__name=domain)


def _permitted(
    user: AbstractBaseUser, domain: Domain, registries: QuerySet[CargoDistribution]
) -> list[UUID]:
    with with_domain(domain):
        found = get_objects_for_user(user, PERMISSIONS[Scope.READ], registries)
        return list(found.values_list("pk", flat=True))


def _admitting(user: AbstractBaseUser, domain: Domain) -> list[UUID]:
    with with_domain(domain):
        guards = RBACContentGuard.objects.filter(pulp_domain=domain)
        return list(get_objects_for_user(user, DOWNLOAD, guards).values_list("pk", flat=True))


def _listed(
    registries: QuerySet[CargoDistribution], domain: str, most: int
) -> Sequence[ListedRegistry]:
    names = registries.order_by("name").values_list("name", "base_path")[:most]
    return [ListedRegistry(name, root_url(domain, base_path)) for name, base_path in names]
