"""Accepted snapshots, the hosts of files that get a remote's token, and from where labels are."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cargo", "0027_snapshots")]

    operations = [
        migrations.AddField(
            model_name="cargoremote",
            name="file_origin",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="versionlabel",
            name="origin",
            field=models.TextField(default=""),
        ),
        migrations.CreateModel(
            name="AcceptedSnapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("head", models.TextField()),
                (
                    "remote",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accepted_snapshots",
                        to="cargo.cargoremote",
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="cargo.cargorepository",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="acceptedsnapshot",
            constraint=models.UniqueConstraint(
                fields=("repository", "remote"), name="cargo_accepted_snapshot"
            ),
        ),
    ]
