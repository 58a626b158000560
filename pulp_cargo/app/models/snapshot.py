"""Snapshots of repository versions (pulp_glue.cargo.snapshot), which are made once."""

from django.db import models


class RepositorySnapshot(models.Model):
    """The snapshot of a repository version, with its signature if a signing service has made one.

    The artifact has the lines. It belongs to no content, but orphan cleanup leaves an artifact that
    is protected, and removes it after the version was deleted.
    """

    id = models.BigAutoField(primary_key=True)
    version = models.OneToOneField(
        "core.RepositoryVersion", on_delete=models.CASCADE, related_name="cargo_snapshot"
    )
    artifact = models.ForeignKey("core.Artifact", on_delete=models.PROTECT, related_name="+")
    head = models.TextField()
    # Both empty without a signature; the signer is the fingerprint of the service's key.
    signature = models.TextField(default="")
    signer = models.TextField(default="")
