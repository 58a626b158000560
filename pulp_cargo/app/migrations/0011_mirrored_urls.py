import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cargo", "0010_note_used_versions")]

    operations = [
        migrations.AddField(
            model_name="cargorepository",
            name="mirrored_urls",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), default=list, size=None
            ),
        ),
    ]
