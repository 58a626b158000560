import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cargo", "0008_replaced_versions")]

    operations = [
        migrations.CreateModel(
            name="UsedVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("canonical_name", models.TextField()),
                ("vers_key", models.TextField()),
                ("cksum", models.CharField(max_length=64)),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="used_versions",
                        to="cargo.cargorepository",
                    ),
                ),
            ],
            options={
                "unique_together": {("repository", "canonical_name", "vers_key", "cksum")}
            },
        ),
    ]
