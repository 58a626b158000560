"""Remember versions that have gone from an upstream's index, and those whose bytes it replaced."""

from django.db import migrations, models
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    dependencies = [("cargo", "0007_upstream_answers")]

    operations = [
        migrations.AddField(
            model_name="upstreamindexfile", name="gone", field=models.JSONField(default=dict)
        ),
        migrations.AddField(
            model_name="upstreamindexfile", name="replaced", field=models.JSONField(default=dict)
        ),
        migrations.CreateModel(
            name="ReplacedVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("vers", models.TextField()),
                ("cksum_before", models.CharField(max_length=64)),
                ("cksum", models.CharField(max_length=64)),
                ("found_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                (
                    "remote",
                    models.ForeignKey(
                        on_delete=CASCADE, related_name="replaced_versions", to="cargo.cargoremote"
                    ),
                ),
            ],
            options={"unique_together": {("remote", "name", "vers", "cksum")}},
        ),
    ]
