"""Replication of registries from one Pulp to another by `pulp upstream-pulp replicate`.

Each distribution upstream gets a remote, a repository and a distribution here; the repository
mirrors what the distribution serves. Pulp reads REPLICATION_ORDER from this module.
"""

import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from django.conf import settings
from django.db.models import Q
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.cargo.distribution import PulpCargoDistributionContext
from pulp_glue.common.exceptions import PulpException

from pulpcore.plugin.replica import Replicator

from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoRepository, CargoUpstream
from pulp_cargo.app.models.version_label import MOST_LABELS
from pulp_cargo.app.queries.registry.registry import OF_REPLICATION
from pulp_cargo.app.services import owners, repository_use
from pulp_cargo.app.tasks import synchronize
from pulp_cargo.protocol.unavailable import RepositoryBusy

log = logging.getLogger(__name__)

Upstream = dict[str, Any]
SPARSE = "sparse+"
# Maximum number of owners of crates that are copied.
MOST_OWNERS = 1_000_000
DEFAULT_PORTS = {"http": 80, "https": 443}


class CargoReplicator(Replicator):
    """Copies a registry's public settings, and everything that it serves."""

    app_label = "cargo"
    # The listing for syncs has existed since the first release.
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

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # The names of objects here that accept uploads, are caches, or belong to these.
        self.left_alone: set[str] = set()
        # The labels of the versions upstream, oldest version first, by the names of the copies.
        self.version_labels: dict[str, dict[str, str]] = {}

    def create_or_update_remote(self, upstream_distribution: Upstream) -> CargoRemote | None:
        """Return the remote, None for a distribution that is not copied.

        A copy would replace crates that were published here, or the reserved and claimed names of a
        list of upstreams; and a copy of a cache would have only what the other Pulp has cached.
        """
        name, base_path = upstream_distribution["name"], upstream_distribution["base_path"]
        if upstream_distribution.get("upstreams"):
            return self._leave_alone(name, "it is a list of upstreams")
        if upstream_distribution.get("remote") and not _has_content(upstream_distribution):
            return self._leave_alone(name, "it is a cache that stores nothing")
        replaced = Q(name=name) | Q(base_path=base_path) | Q(repository__name=name)
        ours = Q(allow_uploads=True) | Q(remote__isnull=False) | Q(upstreams__isnull=False)
        found = CargoDistribution.objects.filter(replaced, ours, pulp_domain=self.domain).distinct()
        for own in found:
            log.warning(
                "The upstream's distribution `%s` is not replicated: `%s` %s here.",
                name,
                own.name,
                _kind(own),
            )
            self.left_alone |= {name, own.name}
            self.left_alone |= {part.name for part in (own.repository, own.remote) if part}
        if found:
            return None
        own_repository = CargoRepository.objects.filter(name=name, pulp_domain=self.domain).first()
        if own_repository is not None and not self._is_copy(own_repository):
            return self._leave_alone(
                name, "this Pulp has a repository of this name that is not a copy"
            )
        own_remote = CargoRemote.objects.filter(name=name, pulp_domain=self.domain).first()
        if own_remote is not None and not self._is_of_copy(own_remote):
            return self._leave_alone(
                name, "this Pulp uses a remote of this name for something else"
            )
        labels = self._labels_upstream(upstream_distribution)
        if labels is not None:
            self.version_labels[name] = labels
        return super().create_or_update_remote(upstream_distribution)

    def _labels_upstream(self, upstream_distribution: Upstream) -> dict[str, str] | None:
        """Return the labels of versions with what changes when they are set again.

        Without the right to view the repository they are unknown, and stay as they are.
        """
        theirs = self.repository_ctx_cls(
            self.pulp_ctx, pulp_href=_repository(upstream_distribution)
        )
        try:
            found = theirs.version_labels(limit=MOST_LABELS)
        except PulpException as error:
            name = upstream_distribution["name"]
            log.info("The labels of versions of `%s` are not copied: %s", name, error)
            return None
        found = sorted(found, key=lambda one: int(one["number"]))
        return {one["label"]: f"{one['number']} {one['labelled_at']}" for one in found}

    def _is_copy(self, repository: CargoRepository) -> bool:
        """Whether a repository has replicated content only, or none.

        The copy is a mirror, which removes everything else.
        """
        # Replication labels the objects that it creates, for any upstream.
        if OF_REPLICATION in repository.pulp_labels:
            return True
        return not repository_use.is_in_use(repository) and repository.latest_version().number == 0

    def _is_of_copy(self, remote: CargoRemote) -> bool:
        """Whether a remote may get the URL of a registry of the other Pulp.

        Caches and lists would fetch from there, and so would syncs of repositories that are no copies.
        """
        synced = CargoRepository.objects.filter(remote=remote)
        if OF_REPLICATION in remote.pulp_labels:
            synced = synced.exclude(name=remote.name)
        cached = CargoDistribution.objects.filter(remote=remote)
        listed = CargoUpstream.objects.filter(remote=remote)
        return not (synced.exists() or cached.exists() or listed.exists())

    def _leave_alone(self, name: str, why: str) -> None:
        log.warning("The upstream's distribution `%s` is not replicated: %s.", name, why)
        self.left_alone.add(name)

    def remove_missing(self, names: Iterable[str]) -> None:
        """Remove what is not upstream, except skipped objects and those in local lists."""
        listed = CargoUpstream.objects.filter(distribution__pulp_domain=self.domain)
        parts = listed.values_list("repository__name", "remote__name")
        in_lists = {name for pair in parts for name in pair if name is not None}
        super().remove_missing([*names, *self.left_alone, *in_lists])

    def url(self, upstream_distribution: Upstream) -> str:
        """Return the index URL; if the upstream has no CONTENT_ORIGIN, it begins with a slash."""
        url = upstream_distribution["base_url"].removeprefix(SPARSE)
        return SPARSE + urljoin(self.server.base_url, url)

    def remote_extra_fields(self, upstream_distribution: Upstream, **kwargs: Any) -> dict[str, Any]:
        """Download files on demand, and read private registries with the credentials for the Pulp.

        Credentials that an administrator has set are preserved until the URL changes.
        """
        url = self.url(upstream_distribution)
        fields: dict[str, Any] = {}
        # A public registry needs no password, so none is stored.
        if is_private(upstream_distribution) and is_same_server(
            self.server.base_url, url.removeprefix(SPARSE)
        ):
            fields = {"username": self.server.username, "password": self.server.password}
        elif not self._has_remote(upstream_distribution["name"], url):
            fields = {"username": None, "password": None}
        if fields:
            # A token would be for another URL, or override these.
            fields["token"] = None
        if self.server.remote_policy is None:
            fields["policy"] = CargoRemote.ON_DEMAND
        return fields

    def _has_remote(self, name: str, url: str) -> bool:
        return CargoRemote.objects.filter(name=name, url=url, pulp_domain=self.domain).exists()

    def repository_extra_fields(self, remote: CargoRemote, **kwargs: Any) -> dict[str, Any]:
        """Set the default retention of versions, unless somebody has changed it."""
        known = CargoRepository.objects.filter(name=remote.name, pulp_domain=self.domain)
        if known.exists():
            return {}
        return {"retain_repo_versions": settings.CARGO_RETAIN_REPO_VERSIONS}

    def distribution_extra_fields(
        self, repository: CargoRepository, upstream_distribution: Upstream, **kwargs: Any
    ) -> dict[str, Any]:
        """Keep private registries private, and accept no uploads.

        A content guard is not copied; instead the copy requires tokens.
        """
        fields = super().distribution_extra_fields(repository, upstream_distribution, **kwargs)
        return fields | {"auth_required": is_private(upstream_distribution), "allow_uploads": False}

    def create_or_update_distribution(
        self, repository: CargoRepository, upstream_distribution: Upstream
    ) -> None:
        """Set up the distribution, and copy the owners of the crates."""
        super().create_or_update_distribution(repository, upstream_distribution)
        self._copy_owners(repository, upstream_distribution)

    def _copy_owners(self, repository: CargoRepository, upstream_distribution: Upstream) -> None:
        """Copy the owners of crates, as far as their users and groups exist here.

        Without the right to view the repository upstream, owners stay as they are.
        """
        theirs = self.repository_ctx_cls(
            self.pulp_ctx, pulp_href=_repository(upstream_distribution)
        )
        try:
            is_on = bool(theirs.entity.get("crate_owners"))
            found = theirs.owners(limit=MOST_OWNERS)
            owners.mirror(repository.pk, ((one["crate"], one["owner"]) for one in found))
        except (PulpException, RepositoryBusy) as error:
            log.info("The owners of `%s` are not copied: %s", repository.name, error)
            return
        if repository.crate_owners != is_on:
            repository.crate_owners = is_on
            repository.save(update_fields=["crate_owners"])

    def requires_syncing(self, distro: Upstream) -> bool:
        """Always sync: an unchanged listing costs only a 304.

        The time of a distribution's last change does not cover changes of its repository, or what
        `replicate` itself makes a distribution serve.
        """
        return True

    def sync_params(self, repository: CargoRepository, remote: CargoRemote) -> dict[str, Any]:
        """Return the parameters of the sync task."""
        return {
            "remote_pk": str(remote.pk),
            "repository_pk": str(repository.pk),
            "mirror": True,
            "labels": self.version_labels.get(repository.name),
        }


def _repository(upstream_distribution: Upstream) -> str:
    """Return the href of the repository whose newest or pinned version is served."""
    repository = upstream_distribution.get("repository")
    version = upstream_distribution.get("repository_version") or ""
    return str(repository or version.partition("versions/")[0])


def _has_content(upstream_distribution: Upstream) -> bool:
    return bool(
        upstream_distribution.get("repository") or upstream_distribution.get("repository_version")
    )


def is_private(upstream_distribution: Upstream) -> bool:
    """Whether a registry of the upstream is not public."""
    return bool(upstream_distribution["auth_required"] or upstream_distribution["content_guard"])


def is_same_server(api: str, content: str) -> bool:
    """Whether the content is on the same host as the API, over an equally secure scheme.

    The distributions of a Pulp may have URLs of any host, which must not get the password.
    """
    ours, theirs = urlsplit(api), urlsplit(content)
    if (ours.scheme, theirs.scheme) == ("https", "http"):
        return False
    return (ours.hostname, _port(ours)) == (theirs.hostname, _port(theirs))


def _port(parts: SplitResult) -> int | None:
    return parts.port or DEFAULT_PORTS.get(parts.scheme)


REPLICATION_ORDER = [CargoReplicator]


def _kind(own: CargoDistribution) -> str:
    """Return what a distribution does that a copy could not do."""
    if own.allow_uploads:
        return "accepts uploads"
    return "is a cache" if own.remote_id is not None else "is a list of upstreams"
