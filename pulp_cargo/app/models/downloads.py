"""How often the crates of a registry were downloaded: per crate, per version, and per version and day."""

from django.db import models

# Days are counted in UTC, today being one of them.
RECENT_DAYS = 90


class CrateDownloads(models.Model):
    """The downloads of a crate from a registry.

    `recent` is the sum of the crate's rows in `DailyDownloads`, so that a search can sort by it.
    `name` has the spelling of the latest download.
    """

    # Each upsert uses up an id, even if it inserts no row.
    id = models.BigAutoField(primary_key=True)
    distribution = models.ForeignKey(
        "CargoDistribution", on_delete=models.CASCADE, related_name="crate_downloads"
    )
    canonical_name = models.TextField()
    name = models.TextField()
    downloads = models.PositiveBigIntegerField()
    recent = models.PositiveBigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["distribution", "canonical_name"], name="cargo_crate_downloads"
            )
        ]


class VersionDownloads(models.Model):
    """The downloads of a version of a crate."""

    id = models.BigAutoField(primary_key=True)
    crate = models.ForeignKey(CrateDownloads, on_delete=models.CASCADE, related_name="versions")
    vers = models.TextField()
    downloads = models.PositiveBigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["crate", "vers"], name="cargo_version_downloads")
        ]


class DailyDownloads(models.Model):
    """The downloads of a version on one of the last `RECENT_DAYS` days."""

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(VersionDownloads, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    downloads = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "day"], name="cargo_daily_downloads")
        ]
        indexes = [models.Index(fields=["day"], name="cargo_daily_downloads_day")]
