"""Download counts of registries."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cargo", "0016_crate_owners"),
    ]

    operations = [
        migrations.CreateModel(
            name="CrateDownloads",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("canonical_name", models.TextField()),
                ("name", models.TextField()),
                ("downloads", models.PositiveBigIntegerField()),
                ("recent", models.PositiveBigIntegerField()),
                ("last_at", models.DateTimeField()),
                (
                    "distribution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="crate_downloads",
                        to="cargo.cargodistribution",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="VersionDownloads",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("vers", models.TextField()),
                ("downloads", models.PositiveBigIntegerField()),
                ("last_at", models.DateTimeField()),
                (
                    "crate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="cargo.cratedownloads",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DailyDownloads",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("downloads", models.PositiveBigIntegerField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="cargo.versiondownloads",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="cratedownloads",
            constraint=models.UniqueConstraint(
                fields=("distribution", "canonical_name"), name="cargo_crate_downloads"
            ),
        ),
        migrations.AddConstraint(
            model_name="versiondownloads",
            constraint=models.UniqueConstraint(
                fields=("crate", "vers"), name="cargo_version_downloads"
            ),
        ),
        migrations.AddIndex(
            model_name="dailydownloads",
            index=models.Index(fields=["day"], name="cargo_daily_downloads_day"),
        ),
        migrations.AddConstraint(
            model_name="dailydownloads",
            constraint=models.UniqueConstraint(
                fields=("version", "day"), name="cargo_daily_downloads"
            ),
        ),
    ]
