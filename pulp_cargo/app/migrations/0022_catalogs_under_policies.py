import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cargo", "0021_time_source")]

    operations = [
        migrations.AddField(
            model_name="cratecatalog",
            name="registry",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="catalogs",
                to="cargo.cargodistribution",
            ),
        ),
        migrations.AddField(
            model_name="cratecatalog",
            name="rules",
            field=models.CharField(default="", max_length=64),
        ),
        migrations.AlterField(
            model_name="cratecatalog",
            name="version",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="cargo_catalogs",
                to="core.repositoryversion",
            ),
        ),
        migrations.RemoveConstraint(model_name="cratecatalog", name="cargo_catalog_of_newest"),
        migrations.AddConstraint(
            model_name="cratecatalog",
            constraint=models.UniqueConstraint(
                condition=models.Q(("registry", None), ("version", None)),
                fields=("repository",),
                name="cargo_catalog_of_newest",
            ),
        ),
        migrations.AddConstraint(
            model_name="cratecatalog",
            constraint=models.UniqueConstraint(
                condition=models.Q(("registry", None)),
                fields=("version",),
                name="cargo_catalog_of_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="cratecatalog",
            constraint=models.UniqueConstraint(
                condition=models.Q(("version", None)),
                fields=("repository", "registry"),
                name="cargo_catalog_of_registry",
            ),
        ),
        migrations.AddConstraint(
            model_name="cratecatalog",
            constraint=models.UniqueConstraint(
                fields=("version", "registry"), name="cargo_catalog_of_pinned_registry"
            ),
        ),
    ]
