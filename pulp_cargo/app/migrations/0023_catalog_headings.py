"""An index for the words in names, keywords, categories and descriptions of catalogs."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cargo", "0022_catalogs_under_policies")]

    operations = [
        migrations.AddIndex(
            model_name="catalogcrate",
            index=GinIndex(fields=["heading"], name="cargo_catalog_heading"),
        ),
    ]
