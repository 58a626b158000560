"""Exporters of registries, and their runs."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cargo", "0024_version_labels")]

    operations = [
        migrations.CreateModel(
            name="CargoExport",
            fields=[
                (
                    "export_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="core.export",
                    ),
                ),
            ],
            options={"default_related_name": "%(app_label)s_%(model_name)s"},
            bases=("core.export",),
        ),
        migrations.CreateModel(
            name="CargoExporter",
            fields=[
                (
                    "exporter_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="core.exporter",
                    ),
                ),
                ("path", models.TextField()),
                ("format", models.TextField()),
                ("dl", models.TextField(null=True)),
                (
                    "distribution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="cargo.cargodistribution"
                    ),
                ),
            ],
            options={"default_related_name": "%(app_label)s_%(model_name)s"},
            bases=("core.exporter",),
        ),
    ]
