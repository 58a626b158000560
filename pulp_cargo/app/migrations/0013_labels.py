import django.contrib.postgres.fields.hstore
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cargo", "0012_exact_yanks")]

    operations = [
        migrations.AddField(
            model_name=model,
            name="pulp_labels",
            field=django.contrib.postgres.fields.hstore.HStoreField(default=dict),
        )
        for model in ("cargocratepolicy", "cargotoken")
    ]
