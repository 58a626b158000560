"""Note of each remote whether its upstream says 403 of crates that it does not have."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cargo", "0006_metadata_source")]

    operations = [
        migrations.AddField(
            model_name="cargoremote",
            name="forbidden_means_missing",
            field=models.BooleanField(default=False),
        ),
    ]
