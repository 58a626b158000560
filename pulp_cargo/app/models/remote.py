"""The record of an upstream registry."""

from typing import Any

from django.db import models
from django_lifecycle import AFTER_UPDATE, BEFORE_DELETE, BEFORE_UPDATE, hook

from pulpcore.plugin.models import AutoAddObjPermsMixin, EncryptedTextField, Remote

from pulp_cargo.app.models import content_responses
from pulp_cargo.app.models.connecting import GuardedFactory
from pulp_cargo.app.models.crate_policy import CargoCratePolicy
from pulp_cargo.app.models.registry_urls import note_mirrored


class CargoRemote(Remote, AutoAddObjPermsMixin):
    """An upstream registry; its URL is that of its index, in cargo's notation.

    `index_max_age` and `stale_for` are in seconds: after the first an index file is revalidated, and
    for the second it is still served if that fails. Null means the value of the setting, or no limit,
    respectively. With `forbidden_means_missing` the upstream answers 403 for missing crates. With
    `search_upstream`, searches of its caches are sent to the upstream as well.

    `file_origin` is the scheme, host and port of the files if the upstream requires the token for
    them, as the last sync has seen it.
    """

    TYPE = "cargo"

    token = EncryptedTextField(null=True)
    file_origin = models.TextField(default="")
    index_max_age = models.PositiveIntegerField(null=True)
    stale_for = models.PositiveIntegerField(null=True)
    forbidden_means_missing = models.BooleanField(default=False)
    search_upstream = models.BooleanField(default=False)
    # OpenPGP keys, ASCII-armored: if there are any, a sync takes only what one of them has signed.
    snapshot_keys = models.TextField(default="")
    crate_policy = models.ForeignKey(CargoCratePolicy, null=True, on_delete=models.PROTECT)

    @property
    def is_sparse(self) -> bool:
        """Whether the URL is that of a sparse index, the only kind that caches use."""
        return str(self.url).startswith("sparse+")

    @property
    def download_factory(self) -> GuardedFactory:
        """Core's downloader factory, made once, with guarded connections."""
        if not hasattr(self, "_download_factory"):
            self._download_factory = GuardedFactory(self)
        return self._download_factory

    @hook(AFTER_UPDATE, when="url", has_changed=True)
    def forget_index_files(self) -> None:
        """Delete the stored index files when the URL changes."""
        self.index_files.all().delete()

    @hook(BEFORE_UPDATE, when="url", has_changed=True)
    def forget_host_of_files(self) -> None:
        """Send the token to no host that another registry has named."""
        self.file_origin = ""

    @hook(AFTER_UPDATE, when="url", has_changed=True)
    def forget_snapshots(self) -> None:
        """Compare the snapshots of another registry with none of this one."""
        self.accepted_snapshots.all().delete()

    @hook(AFTER_UPDATE, when="crate_policy_id", has_changed=True)
    def drop_content_responses(self) -> None:
        """Drop cached responses of paths that may be closed now."""
        content_responses.drop_after_commit()

    @hook(BEFORE_UPDATE, when="url", has_changed=True)
    @hook(BEFORE_DELETE)
    def note_what_was_mirrored(self) -> None:
        """Preserve dependencies among crates that were cached from the old URL."""
        listed = self.cargo_cargoupstream.values_list("repository_id", flat=True)
        cached = self.distribution_set.values_list("repository_id", flat=True)
        for repository in {*listed, *cached} - {None}:
            note_mirrored(repository, self.initial_value("url"))

    def get_remote_artifact_url(
        self, relative_path: str | None = None, request: Any = None
    ) -> None:
        """Return no URL, so that core's own paths (`/pulp/content/`) answer 404.

        Only our own paths apply crate policies to files of an upstream.
        """

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        permissions = [("manage_roles_cargoremote", "Can manage roles on Cargo remotes")]
