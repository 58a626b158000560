"""Labels of repository versions, by which these are retained and served."""

from collections.abc import Iterable

from django.db import models

from pulpcore.plugin.models import RepositoryVersion

# Each label retains a version, which takes space for the list of its content.
MOST_LABELS = 1_000


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
    # What an upstream has said of the label, from which a replication copied it; empty for others.
    origin = models.TextField(default="")
    pulp_created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "label"], name="cargo_version_label")
        ]


def add_missing(version: RepositoryVersion, labels: Iterable[str]) -> None:
    """Give a version the labels of a copied one; those that another version has never move."""
    there = VersionLabel.objects.filter(repository_id=version.repository_id)
    taken = set(there.values_list("label", flat=True))
    new = sorted(set(labels) - taken)[: MOST_LABELS - len(taken)]
    VersionLabel.objects.bulk_create(
        [
            VersionLabel(repository_id=version.repository_id, version=version, label=label)
            for label in new
        ],
        ignore_conflicts=True,
    )
