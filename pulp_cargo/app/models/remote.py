"""Our record of an upstream registry."""

from typing import Any

from django.db import models
from django_lifecycle import AFTER_UPDATE, BEFORE_DELETE, BEFORE_UPDATE, hook

from pulpcore.plugin.models import AutoAddObjPermsMixin, EncryptedTextField, Remote

from pulp_cargo.app.models.connecting import GuardedFactory
from pulp_cargo.app.models.crate_policy import CargoCratePolicy
from pulp_cargo.app.models.registry_urls import note_mirrored


class CargoRemote(Remote, AutoAddObjPermsMixin):
    """A registry to read from; its URL is a sparse index as cargo writes it.

    `index_max_age` and `stale_for` are seconds: after the first an index file is asked for again,
    and for the second it is served when that fails; null is the setting's, and for ever. An
    upstream for which `forbidden_means_missing` says 403 of what it does not have.
    """

    TYPE = "cargo"

    token = EncryptedTextField(null=True)
    index_max_age = models.PositiveIntegerField(null=True)
    stale_for = models.PositiveIntegerField(null=True)
    forbidden_means_missing = models.BooleanField(default=False)
    crate_policy = models.ForeignKey(CargoCratePolicy, null=True, on_delete=models.PROTECT)

    @property
    def download_factory(self) -> GuardedFactory:
        """Make what core downloads with, once: it may not connect wherever an upstream says."""
        if not hasattr(self, "_download_factory"):
            self._download_factory = GuardedFactory(self)
        return self._download_factory

    @hook(AFTER_UPDATE, when="url", has_changed=True)
    def forget_index_files(self) -> None:
        """Drop the index files of another registry."""
        self.index_files.all().delete()

    @hook(BEFORE_UPDATE, when="url", has_changed=True)
    @hook(BEFORE_DELETE)
    def note_what_was_mirrored(self) -> None:
        """Let dependencies within what caches have stored of the old URL stay so."""
        listed = self.cargo_cargoupstream.values_list("repository_id", flat=True)
        cached = self.distribution_set.values_list("repository_id", flat=True)
        for repository in {*listed, *cached} - {None}:
            note_mirrored(repository, self.initial_value("url"))

    def get_remote_artifact_url(
        self, relative_path: str | None = None, request: Any = None
    ) -> None:
        """Offer nothing to core's own paths (`/pulp/content/`), which answer 404 then.

        What comes from an upstream is judged first, and only our own paths do that.
        """

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        permissions = [("manage_roles_cargoremote", "Can manage roles on Cargo remotes")]
