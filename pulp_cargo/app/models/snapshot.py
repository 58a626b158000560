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


class AcceptedSnapshot(models.Model):
    """The snapshot with which a repository was last synced from a remote that requires signed ones.

    The head tells which repository of the upstream it is of, and the number of the version, so that an
    older snapshot can be recognized, whichever of the trusted keys has signed it.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey("CargoRepository", on_delete=models.CASCADE, related_name="+")
    remote = models.ForeignKey(
        "CargoRemote", on_delete=models.CASCADE, related_name="accepted_snapshots"
    )
    head = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "remote"], name="cargo_accepted_snapshot")
        ]

    def replace_earlier(self) -> None:
        """Save it in the place of the one that was accepted before."""
        type(self).objects.bulk_create(
            [self],
            update_conflicts=True,
            unique_fields=["repository", "remote"],
            update_fields=["head"],
        )
