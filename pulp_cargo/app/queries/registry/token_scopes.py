"""Who sent a request, and the scopes of their token or password in a registry.

`rules/token_scopes` checks whether they suffice.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from pulp_cargo.app.models import CargoDistribution, CargoRepository, CargoToken
from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.queries.permissions import permissions_of
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.protocol.auth import BasicCredential
from pulp_cargo.protocol.errors import NotAuthenticated
from pulp_cargo.rules.owners import Actor
from pulp_cargo.rules.token_scopes import Grant, Scope, is_expired

PERMISSIONS = {
    Scope.READ: "cargo.read_cargodistribution",
    Scope.PUBLISH_NEW: "cargo.publish_cargodistribution",
    Scope.PUBLISH_UPDATE: "cargo.publish_cargodistribution",
    Scope.YANK: "cargo.yank_cargodistribution",
    Scope.CHANGE_OWNERS: "cargo.change_owners_cargodistribution",
}
# The right of those who stand above the owners of crates.
ABOVE_OWNERS = "cargo.modify_cargorepository"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who reads pages that are of no single registry.

    A token may be for one `distribution` only.
    """

    user: AbstractBaseUser
    distribution: UUID | None = None
    expires_at: datetime | None = None


def visitor_of_token(domain: str, secret: str) -> Visitor | None:
    """Return the user of a token that may read in a domain, None for any other token."""
    token = valid_token(secret, pulp_domain__name=domain)
    if token is None or Scope.READ not in token.scopes:
        return None
    return Visitor(token.user, token.distribution_id, token.expires_at)


def visitor_of_password(credential: BasicCredential) -> Visitor | None:
    """Return a user, None for a wrong password; takes 0.2 s of CPU."""
    user = authenticate(username=credential.username, password=credential.password)
    return None if user is None else Visitor(user)


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a token in hex, which is stored; it suffices for 200 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def grant_of_token(registry: Registry, secret: str) -> Grant | None:
    """Return what a token may do in the registry, None for one that is not valid here."""
    token = valid_token(secret, pulp_domain=registry.domain)
    if token is None or token.distribution_id not in (None, registry.pk):
        return None
    scopes = frozenset(Scope(scope) for scope in token.scopes)
    return Grant(
        user=token.user_id,
        username=token.user.get_username(),
        scopes=scopes & scopes_of_roles(token.user, registry),
        asked=scopes,
        patterns=tuple(token.crate_patterns),
        expires_at=token.expires_at,
        token=token.pk,
        actor=actor_of(token.user, registry),
    )


def valid_token(secret: str, **domain: object) -> CargoToken | None:
    """Return the token of a domain that has not expired and whose user is active, None without one."""
    tokens = CargoToken.objects.filter(
        token_hash=hash_secret(secret), user__is_active=True, **domain
    )
    token: CargoToken | None = tokens.select_related("user").first()
    return None if token is None or is_expired(token.expires_at, timezone.now()) else token


def grant_of_password(registry: Registry, credential: BasicCredential) -> Grant | None:
    """Return what a user may do in the registry, None for a wrong password; takes 0.2 s of CPU."""
    user = authenticate(username=credential.username, password=credential.password)
    if user is None:
        return None
    return Grant(
        user=user.pk,
        username=user.get_username(),
        scopes=scopes_of_roles(user, registry),
        asked=frozenset(Scope),
        patterns=(),
        expires_at=None,
        token=None,
        actor=actor_of(user, registry),
    )


def scopes_of_roles(user: AbstractBaseUser, registry: Registry) -> frozenset[Scope]:
    """Return the scopes that a user's roles give: on the registry, in its domain or everywhere."""
    distribution = CargoDistribution(pk=registry.pk, pulp_domain=registry.domain)
    wanted = frozenset(PERMISSIONS.values())
    with with_domain(registry.domain):
        found = permissions_of(user, wanted, registry.domain, distribution)
    return frozenset(scope for scope, permission in PERMISSIONS.items() if permission in found)


def actor_of(user: AbstractBaseUser, registry: Registry) -> Actor | None:
    """Return the user as owners of crates see them, None where crates have no owners."""
    if not registry.crate_owners:
        return None
    repository = CargoRepository(pk=registry.content.repository, pulp_domain=registry.domain)
    with with_domain(registry.domain):
        return Actor(
            user=user.pk,
            username=user.get_username(),
            groups=frozenset(user.groups.values_list("pk", flat=True)),
            may_modify=bool(permissions_of(user, [ABOVE_OWNERS], registry.domain, repository)),
        )


def seconds_left(grant: Grant | None) -> float:
    """Return for how many seconds a grant is valid, infinity without a grant or an expiry."""
    if grant is None or grant.expires_at is None:
        return math.inf
    return (grant.expires_at - timezone.now()).total_seconds()


def user_of(grant: Grant) -> AbstractBaseUser:
    """Return the user behind a grant, for Pulp's content guards."""
    user = get_user_model().objects.filter(pk=grant.user).first()
    if user is None:
        raise NotAuthenticated(f"the user `{grant.username}` has just been deleted")
    return user
