from django.db import migrations, models

# It is not known where the times of existing units are from, so no other unit shares them.
NOT_KNOWN = """
    UPDATE cargo_cratecontent SET time_source = 'unknown'
    WHERE metadata_source = '' AND index_line LIKE '%"pubtime":%'
"""


class Migration(migrations.Migration):
    dependencies = [("cargo", "0020_binding_claims")]

    operations = [
        migrations.AddField(
            model_name="cratecontent",
            name="time_source",
            field=models.CharField(default="", max_length=64),
        ),
        migrations.AlterUniqueTogether(
            name="cratecontent",
            unique_together={
                ("name", "vers", "cksum", "metadata_source", "time_source", "_pulp_domain")
            },
        ),
        migrations.RunSQL(NOT_KNOWN, migrations.RunSQL.noop),
    ]
