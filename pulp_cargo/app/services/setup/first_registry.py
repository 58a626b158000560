"""The registry that is created in a new installation, and a token to publish to it."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from pulpcore.plugin.models import Domain
from pulpcore.plugin.util import assign_role, get_default_domain

from pulp_cargo.app.models import CargoDistribution, CargoRepository, CargoToken
from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.services import tokens
from pulp_cargo.app.services.repository_use import require_free
from pulp_cargo.rules.token_scopes import REGISTRY_SCOPES

TOKEN_NAME = "first"


@dataclass(frozen=True, slots=True)
class FirstRegistry:
    """The URL of the registry; `token` is the secret, or None if it was shown before."""

    index_url: str
    token: str | None


def make(name: str, username: str, *, renew_token: bool = False) -> FirstRegistry:
    """Create what is missing of the registry and its token, in the default domain.

    An existing token is replaced only with `renew_token`. Raises User.DoesNotExist, and
    RepositoryTaken if a cache stores crates of its remote in the repository of this name.
    """
    user = get_user_model().objects.get_by_natural_key(username)
    domain = get_default_domain()
    with with_domain(domain), transaction.atomic():
        distribution = _distribution(name, domain)
        token = _token(user, domain, renew=renew_token)
    return FirstRegistry(index_url=distribution.index_url, token=token)


def _distribution(name: str, domain: Domain) -> CargoDistribution:
    """Return the distribution at the base path; if it is missing, create it and its repository."""
    existing = CargoDistribution.objects.filter(base_path=name, pulp_domain=domain).first()
    if existing is not None:
        return existing
    repository, _ = CargoRepository.objects.get_or_create(
        name=name,
        pulp_domain=domain,
        defaults={"retain_repo_versions": settings.CARGO_RETAIN_REPO_VERSIONS},
    )
    require_free(repository, allow_uploads=True)
    return CargoDistribution.objects.create(
        name=name,
        base_path=name,
        pulp_domain=domain,
        repository=repository,
        allow_uploads=True,
    )


def _token(user: AbstractBaseUser, domain: Domain, *, renew: bool) -> str | None:
    """Return the secret of a new token, None if the existing one remains."""
    existing = CargoToken.objects.filter(user=user, name=TOKEN_NAME, pulp_domain=domain)
    if existing.exists() and not renew:
        return None
    existing.delete()
    token, secret = tokens.issue(
        name=TOKEN_NAME,
        user=user,
        pulp_domain=domain,
        scopes=[scope.value for scope in REGISTRY_SCOPES],
    )
    assign_role("cargo.cargotoken_owner", user, token)
    return secret
