"""The cache of crates.io that is created in a new installation."""

from django.conf import settings
from django.db import IntegrityError, transaction

from pulpcore.plugin.models import Domain, Remote
from pulpcore.plugin.util import get_default_domain

from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoRepository
from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.services.repository_use import RepositoryTaken, require_free
from pulp_cargo.protocol.registry_url import CRATES_IO_SPARSE


def make(name: str) -> str | None:
    """Create what is missing of the cache in the default domain, and return its index URL.

    Returns None if another registry has the name, or its repository is used otherwise. Nothing is
    fetched.
    """
    domain = get_default_domain()
    existing = CargoDistribution.objects.filter(base_path=name, pulp_domain=domain).first()
    if existing is not None:
        return existing.index_url if existing.remote_id else None
    try:
        with with_domain(domain), transaction.atomic():
            return _distribution(name, domain).index_url
    except (IntegrityError, RepositoryTaken):
        return None


def _distribution(name: str, domain: Domain) -> CargoDistribution:
    remote, _ = CargoRemote.objects.get_or_create(
        name=name,
        pulp_domain=domain,
        defaults={"url": CRATES_IO_SPARSE, "policy": Remote.ON_DEMAND},
    )
    repository, _ = CargoRepository.objects.get_or_create(
        name=name,
        pulp_domain=domain,
        defaults={"remote": remote, "retain_repo_versions": settings.CARGO_RETAIN_REPO_VERSIONS},
    )
    # A repository without the remote was not created here, and must not be filled from it.
    if repository.remote_id != remote.pk:
        raise RepositoryTaken(name)
    require_free(repository, remote=remote)
    return CargoDistribution.objects.create(
        name=name, base_path=name, pulp_domain=domain, remote=remote, repository=repository
    )
