"""Indexes for searches that begin with the catalog, so that no catalog pays for the others.

`btree_gin` is an extension that the owner of a database may create (trusted).
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations, models

INDEXES = (
    GinIndex(fields=["catalog", "document"], name="cargo_catalog_document"),
    GinIndex(fields=["catalog", "heading"], name="cargo_catalog_heading"),
    GinIndex(
        fields=["catalog", "canonical_name"],
        opclasses=["int8_ops", "gin_trgm_ops"],
        name="cargo_catalog_trigrams",
    ),
)


class Migration(migrations.Migration):
    dependencies = [("cargo", "0029_policies_without_nulls")]

    operations = [
        BtreeGinExtension(),
        *(
            operation
            for index in INDEXES
            for operation in (
                migrations.RemoveIndex(model_name="catalogcrate", name=index.name),
                migrations.AddIndex(model_name="catalogcrate", index=index),
            )
        ),
        migrations.AddIndex(
            model_name="catalogcrate",
            index=models.Index(
                fields=["catalog", "canonical_name"],
                opclasses=["int8_ops", "text_pattern_ops"],
                include=["id"],
                condition=models.Q(num_versions__gt=0),
                name="cargo_catalog_beginnings",
            ),
        ),
    ]
