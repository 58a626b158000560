"""Labels of repository versions."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cargo", "0023_catalog_headings")]

    operations = [
        migrations.CreateModel(
            name="VersionLabel",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("label", models.TextField()),
                ("pulp_created", models.DateTimeField(auto_now_add=True)),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="version_labels",
                        to="cargo.cargorepository",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="cargo_labels",
                        to="core.repositoryversion",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="versionlabel",
            constraint=models.UniqueConstraint(
                fields=("repository", "label"), name="cargo_version_label"
            ),
        ),
    ]
