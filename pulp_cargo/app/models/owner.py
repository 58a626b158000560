"""The owners of crates, for repositories with `crate_owners`."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class CrateOwner(models.Model):
    """A user or a group that owns a crate of a repository, since when, and who added it.

    Owners belong to the repository and not to its versions, so a rollback does not change them.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(
        "CargoRepository", on_delete=models.CASCADE, related_name="owners"
    )
    canonical_name = models.TextField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="cargo_owned_crates",
    )
    group = models.ForeignKey(
        "auth.Group", null=True, on_delete=models.CASCADE, related_name="cargo_owned_crates"
    )
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "canonical_name", "user"], name="cargo_owner_user"
            ),
            models.UniqueConstraint(
                fields=["repository", "canonical_name", "group"], name="cargo_owner_group"
            ),
            models.CheckConstraint(
                condition=Q(user=None, group__isnull=False) | Q(user__isnull=False, group=None),
                name="cargo_owner_is_one",
            ),
        ]
