"""Note of each crate version whether its metadata were read from its file, or are somebody's word.

What is known of a crate version with a remote as a source of its file was an upstream's word, unless
the file was read later, of which there is no note. The same holds of what has none of the fields that
only a Cargo.toml tells.
"""

from django.db import migrations, models

WORDS = """
    UPDATE cargo_cratecontent unit SET metadata_source = 'unknown'
    WHERE EXISTS (
        SELECT 1 FROM core_contentartifact ca
        JOIN core_remoteartifact ra ON ra.content_artifact_id = ca.pulp_id
        WHERE ca.content_id = unit.content_ptr_id
    ) OR NOT EXISTS (
        SELECT 1 FROM core_contentartifact ca
        WHERE ca.content_id = unit.content_ptr_id AND ca.artifact_id IS NOT NULL
    ) OR (
        edition IS NULL AND description IS NULL AND license IS NULL AND license_file IS NULL
        AND homepage IS NULL AND documentation IS NULL AND repository_url IS NULL AND readme IS NULL
        AND keywords = '{}' AND categories = '{}' AND authors = '{}'
    )
"""


class Migration(migrations.Migration):
    dependencies = [("cargo", "0005_claimed_names")]

    operations = [
        migrations.AddField(
            model_name="cratecontent",
            name="metadata_source",
            field=models.CharField(default="", max_length=64),
        ),
        migrations.RunSQL(WORDS, migrations.RunSQL.noop),
        migrations.AlterUniqueTogether(
            name="cratecontent",
            unique_together={("name", "vers", "cksum", "metadata_source", "_pulp_domain")},
        ),
    ]
