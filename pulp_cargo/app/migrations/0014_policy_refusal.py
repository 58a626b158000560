import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    # The table has the same name before and after, so that none of this changes the database.
    dependencies = [("cargo", "0013_labels")]

    operations = [
        migrations.AlterModelTable(name="heldversion", table="cargo_heldversion"),
        migrations.RenameModel(old_name="HeldVersion", new_name="PolicyRefusal"),
        migrations.AlterField(
            model_name="policyrefusal",
            name="policy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="refusals",
                to="cargo.cargocratepolicy",
            ),
        ),
    ]
