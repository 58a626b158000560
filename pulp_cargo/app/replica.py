"""How `pulp upstream-pulp replicate` copies registries from one Pulp to another.

For each distribution upstream there is a remote, a repository and a distribution here; the
repository is a mirror of what the distribution serves. Pulp finds REPLICATION_ORDER in this module.
"""

from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from pulp_glue.cargo.context import PulpCargoDistributionContext, PulpCargoRepositoryContext

from pulpcore.plugin.replica import Replicator

from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoRepository
from pulp_cargo.app.tasks import synchronize

Upstream = dict[str, Any]
SPARSE = "sparse+"


class CargoReplicator(Replicator):
    """Copies what is public of a registry's settings, and everything that it serves."""

    app_label = "cargo"
    # The listing that is synced was there from the first release.
    required_version = ">=0.1.0.dev0"
    repository_ctx_cls = PulpCargoRepositoryContext
    distribution_ctx_cls = PulpCargoDistributionContext
    remote_model_cls = CargoRemote
    repository_model_cls = CargoRepository
    distribution_model_cls = CargoDistribution
    remote_serializer_name = "CargoRemoteSerializer"
    repository_serializer_name = "CargoRepositorySerializer"
    distribution_serializer_name = "CargoDistributionSerializer"
    sync_task = synchronize

    def url(self, upstream_distribution: Upstream) -> str:
        """Return the index URL; without a CONTENT_ORIGIN upstream it begins with a slash."""
        url = upstream_distribution["base_url"].removeprefix(SPARSE)
        return SPARSE + urljoin(self.server.base_url, url)

    def remote_extra_fields(self, upstream_distribution: Upstream, **kwargs: Any) -> dict[str, Any]:
        """Let files wait until they are asked for, and read private registries as we read Pulp."""
        fields: dict[str, Any] = {
            "username": self.server.username,
            "password": self.server.password,
        }
        if self.server.remote_policy is None:
            fields["policy"] = CargoRemote.ON_DEMAND
        return fields

    def repository_extra_fields(self, remote: CargoRemote, **kwargs: Any) -> dict[str, Any]:
        """Keep as many versions as a repository made by hand would."""
        return {"retain_repo_versions": settings.CARGO_RETAIN_REPO_VERSIONS}

    def distribution_extra_fields(
        self, repository: CargoRepository, upstream_distribution: Upstream, **kwargs: Any
    ) -> dict[str, Any]:
        """Keep closed what is closed upstream, and take no uploads.

        A content guard is not copied; rather than open what it guards, the copy asks for tokens.
        """
        fields = super().distribution_extra_fields(repository, upstream_distribution, **kwargs)
        is_private = (
            upstream_distribution["auth_required"] or upstream_distribution["content_guard"]
        )
        return fields | {"auth_required": bool(is_private), "allow_uploads": False}

    def requires_syncing(self, distro: Upstream) -> bool:
        """Always ask: a listing that is the same costs its 304.

        The time that a distribution tells of its last change is not that of its repository's, and
        misses what `replicate` itself lets a distribution serve.
        """
        return True

    def sync_params(self, repository: CargoRepository, remote: CargoRemote) -> dict[str, Any]:
        """Return what the sync task is told."""
        return {
            "remote_pk": str(remote.pk),
            "repository_pk": str(repository.pk),
            "mirror": True,
        }


REPLICATION_ORDER = [CargoReplicator]
