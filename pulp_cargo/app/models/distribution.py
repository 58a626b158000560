"""A registry as cargo sees it: one URL that serves a repository or one of its versions."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django_lifecycle import AFTER_CREATE, AFTER_UPDATE, BEFORE_DELETE, BEFORE_UPDATE, hook

from pulpcore.plugin.models import AutoAddObjPermsMixin, Distribution

from pulp_cargo.app.models import content_responses
from pulp_cargo.app.models.core import close_content_path
from pulp_cargo.app.models.crate_policy import CargoCratePolicy
from pulp_cargo.app.models.registry_urls import add_aliases, note_mirrored
from pulp_cargo.app.models.remote import CargoRemote
from pulp_cargo.app.models.sync_sources import synced_from


def root_url(domain: str, base_path: str, origin: str | None = None) -> str:
    """The URL of a registry, with a final slash and without cargo's `sparse+`.

    It depends on settings only, never on a request: cargo uses the URL as the registry's identity
    and writes it into lock files.
    """
    within = f"{domain}/{base_path}" if settings.DOMAIN_ENABLED else base_path
    return f"{(origin or settings.CONTENT_ORIGIN or '').rstrip('/')}/pulp/cargo/{within}/"


class CargoDistribution(Distribution, AutoAddObjPermsMixin):
    """Serves index, downloads and web API below a base path."""

    TYPE = "cargo"
    SERVE_FROM_PUBLICATION = False

    allow_uploads = models.BooleanField(default=False)
    auth_required = models.BooleanField(default=False)
    # Of the list of upstreams: names reserved for private repositories, and names that are mixed.
    reserved_names = ArrayField(models.TextField(), default=list)
    mixed_names = ArrayField(models.TextField(), default=list)
    crate_policy = models.ForeignKey(CargoCratePolicy, null=True, on_delete=models.PROTECT)

    @property
    def index_url(self) -> str:
        """The URL for cargo's configuration."""
        return f"sparse+{root_url(self.pulp_domain.name, self.base_path)}"

    @hook(BEFORE_UPDATE, when="base_path", has_changed=True)
    @hook(BEFORE_DELETE)
    def leave_alias(self) -> None:
        """Add a URL that is removed as an alias of the repository, for crates that depend on it."""
        repository_id = self.repository_id or (
            self.repository_version and self.repository_version.repository_id
        )
        if repository_id is None:
            return
        url = f"sparse+{root_url(self.pulp_domain.name, self.initial_value('base_path'))}"
        add_aliases(repository_id, [url])

    @hook(BEFORE_UPDATE, when_any=["remote_id", "repository_id"], has_changed=True)
    @hook(BEFORE_DELETE)
    def note_what_was_mirrored(self) -> None:
        """Preserve dependencies among cached crates when this stops caching their upstream."""
        repository = self.initial_value("repository_id")
        remote = CargoRemote.objects.filter(pk=self.initial_value("remote_id")).first()
        if repository is not None and remote is not None:
            note_mirrored(repository, remote.url)
        self.note_what_upstreams_mirrored()

    def note_what_upstreams_mirrored(self) -> None:
        """Do the same for the stores of the list of upstreams."""
        stores = self.upstreams.filter(repository__isnull=False, remote__isnull=False)
        for repository, url in stores.values_list("repository_id", "remote__url"):
            note_mirrored(repository, url)

    @hook(AFTER_CREATE)
    @hook(
        AFTER_UPDATE,
        when_any=["auth_required", "crate_policy_id", "remote_id", "repository_id"],
        has_changed=True,
    )
    def drop_content_responses(self) -> None:
        """Drop cached responses of paths that may be closed now, also those of other registries."""
        content_responses.drop_after_commit()

    def content_handler(self, path: str) -> None:
        """Close Pulp's generic content path if it would bypass tokens or crate policies."""
        if self.auth_required or self._has_policies():
            close_content_path()

    def _has_policies(self) -> bool:
        """Whether a crate policy applies to this registry, or to a remote that fills it."""
        ruled = CargoRemote.objects.filter(crate_policy__isnull=False)
        if self.crate_policy_id or ruled.filter(pk=self.remote_id).exists():
            return True
        repository = self.repository_id or (
            self.repository_version and self.repository_version.repository_id
        )
        if repository is None:
            return False
        if ruled.filter(pk__in=[remote for _, remote in synced_from([repository])]).exists():
            return True
        caches = CargoDistribution.objects.filter(repository=repository, remote__isnull=False)
        entries = self.upstreams.model.objects.filter(repository=repository, remote__isnull=False)
        return (
            caches.filter(Q(crate_policy__isnull=False) | Q(remote__in=ruled)).exists()
            or entries.filter(
                Q(distribution__crate_policy__isnull=False) | Q(remote__in=ruled)
            ).exists()
        )

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        permissions = [
            ("read_cargodistribution", "Can read crates through a Cargo registry"),
            ("publish_cargodistribution", "Can publish crates to a Cargo registry"),
            ("yank_cargodistribution", "Can yank and unyank crates of a Cargo registry"),
            ("change_owners_cargodistribution", "Can change the owners of crates"),
            ("manage_roles_cargodistribution", "Can manage roles on Cargo distributions"),
        ]
