"""Owners of crates, without effect in repositories where `crate_owners` is off."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('cargo', '0015_catalogs'),
    ]

    operations = [
        migrations.AddField(
            model_name='cargorepository',
            name='crate_owners',
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name='CrateOwner',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('canonical_name', models.TextField()),
                ('added_at', models.DateTimeField()),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='owners', to='cargo.cargorepository')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='cargo_owned_crates', to=settings.AUTH_USER_MODEL)),
                ('group', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='cargo_owned_crates', to='auth.group')),
                ('added_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('repository', 'canonical_name', 'user'), name='cargo_owner_user'),
                    models.UniqueConstraint(fields=('repository', 'canonical_name', 'group'), name='cargo_owner_group'),
                    models.CheckConstraint(condition=models.Q(models.Q(('group__isnull', False), ('user', None)), models.Q(('group', None), ('user__isnull', False)), _connector='OR'), name='cargo_owner_is_one'),
                ],
            },
        ),
    ]
