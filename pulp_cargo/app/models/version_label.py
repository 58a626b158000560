"""Labels of repository versions, by which these are retained and served."""

from django.db import models


class VersionLabel(models.Model):
    """A name of a repository version, which is retained for as long as it has one.

    Pulp itself retains only versions that a distribution serves. A label is a part of the URL of
    every registry of the repository, with the same readers, and needs no distribution of its own.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(
        "CargoRepository", on_delete=models.CASCADE, related_name="version_labels"
    )
    # Deleting the repository deletes both; nothing else deletes a version that has a label.
    version = models.ForeignKey(
        "core.RepositoryVersion", on_delete=models.RESTRICT, related_name="cargo_labels"
    )
    label = models.TextField()
    pulp_created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "label"], name="cargo_version_label")
        ]
