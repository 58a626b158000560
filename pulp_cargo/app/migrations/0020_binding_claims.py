from django.db import migrations, models

# It is not known who has set the existing entries, so they stay in force.
KEEP = "UPDATE cargo_cargoupstream SET is_binding = private"


class Migration(migrations.Migration):
    dependencies = [("cargo", "0019_catalog_tags")]

    operations = [
        migrations.AddField(
            model_name="cargoupstream",
            name="is_binding",
            field=models.BooleanField(default=False),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
    ]
