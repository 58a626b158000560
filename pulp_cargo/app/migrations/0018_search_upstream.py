"""Search of upstreams, and when one was last sent to each."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cargo", "0017_downloads")]

    operations = [
        migrations.AddField(
            model_name="cargoremote",
            name="search_upstream",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="UpstreamSearch",
            fields=[
                (
                    "remote",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search",
                        serialize=False,
                        to="cargo.cargoremote",
                    ),
                ),
                ("sent_at", models.DateTimeField()),
            ],
        ),
    ]
