"""Keywords and categories of catalogs, counted when these change instead of by each request.

The dependencies in catalogs have another form, so catalogs are made anew when they are asked for.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cargo", "0018_search_upstream")]

    operations = [
        migrations.RunSQL(
            "TRUNCATE cargo_cratecatalog, cargo_catalogcrate", migrations.RunSQL.noop
        ),
        *(
            migrations.AddField(
                model_name="cratecatalog", name=name, field=models.IntegerField(default=0)
            )
            for name in ("crates", "keywords", "categories")
        ),
        migrations.AlterField(
            model_name="catalogcrate",
            name="catalog",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rows",
                to="cargo.cratecatalog",
            ),
        ),
        migrations.CreateModel(
            name="CatalogTag",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("tag", models.TextField()),
                ("crates", models.IntegerField()),
                ("created_at", models.DateTimeField()),
                (
                    "catalog",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="cargo.cratecatalog",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="catalogtag",
            constraint=models.UniqueConstraint(
                fields=("catalog", "kind", "tag"), name="cargo_catalog_tag"
            ),
        ),
        migrations.AddIndex(
            model_name="catalogtag",
            index=models.Index(
                fields=["catalog", "kind", "-crates", "tag"], name="cargo_catalog_tag_crates"
            ),
        ),
    ]
