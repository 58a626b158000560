"""Snapshots of repository versions, who signs them, and whose are trusted."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cargo", "0026_exporters")]

    operations = [
        migrations.AddField(
            model_name="cargorepository",
            name="signing_service",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="core.asciiarmoreddetachedsigningservice",
            ),
        ),
        migrations.AddField(
            model_name="cargorepository",
            name="snapshot_keys",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="cargoremote",
            name="snapshot_keys",
            field=models.TextField(default=""),
        ),
        migrations.CreateModel(
            name="RepositorySnapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("head", models.TextField()),
                ("signature", models.TextField(default="")),
                ("signer", models.TextField(default="")),
                (
                    "artifact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.artifact",
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cargo_snapshot",
                        to="core.repositoryversion",
                    ),
                ),
            ],
        ),
    ]
