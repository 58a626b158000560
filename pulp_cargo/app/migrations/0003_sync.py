"""Add the permission to sync a repository."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cargo", "0002_uncompressed_versions")]

    operations = [
        migrations.AlterModelOptions(
            name="cargorepository",
            options={
                "default_related_name": "%(app_label)s_%(model_name)s",
                "permissions": [
                    ("modify_cargorepository", "Can modify content of Cargo repositories"),
                    ("sync_cargorepository", "Can sync Cargo repositories"),
                    ("repair_cargorepository", "Can repair Cargo repositories"),
                    ("manage_roles_cargorepository", "Can manage roles on Cargo repositories"),
                ],
            },
        )
    ]
