"""Add upstreams' index files, lists of upstreams, crate policies, and the names that repositories had."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django_lifecycle.mixins
import pulpcore.app.models.access_policy
import pulpcore.app.models.base
import pulpcore.app.models.fields
import pulpcore.app.util
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cargo', '0003_sync'),
        ('core', '0161_upstreampulp_remote_policy'),
    ]

    operations = [
        migrations.AddField(
            model_name='cargodistribution',
            name='mixed_names',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
        ),
        migrations.AddField(
            model_name='cargodistribution',
            name='reserved_names',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
        ),
        migrations.AddField(
            model_name='cargoremote',
            name='index_max_age',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='cargoremote',
            name='stale_for',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='cargoremote',
            name='token',
            field=pulpcore.app.models.fields.EncryptedTextField(null=True),
        ),
        migrations.CreateModel(
            name='CargoCratePolicy',
            fields=[
                ('pulp_id', models.UUIDField(default=pulpcore.app.models.base.pulp_uuid, editable=False, primary_key=True, serialize=False)),
                ('pulp_created', models.DateTimeField(auto_now_add=True)),
                ('pulp_last_updated', models.DateTimeField(auto_now=True, null=True)),
                ('name', models.TextField()),
                ('cooldown_days', models.PositiveIntegerField(default=0)),
                ('allow', models.JSONField(null=True)),
                ('block', models.JSONField(default=list)),
                ('exceptions', models.JSONField(default=list)),
                ('licenses', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None)),
                ('hide_yanked', models.BooleanField(default=False)),
                ('dry_run', models.BooleanField(default=False)),
                ('pulp_domain', models.ForeignKey(default=pulpcore.app.util.get_domain_pk, on_delete=django.db.models.deletion.CASCADE, to='core.domain')),
            ],
            options={
                'permissions': [('manage_roles_cargocratepolicy', 'Can manage roles on crate policies')],
                'unique_together': {('name', 'pulp_domain')},
            },
            bases=(django_lifecycle.mixins.LifecycleModelMixin, models.Model, pulpcore.app.models.access_policy.AutoAddObjPermsMixin),
        ),
        migrations.AddField(
            model_name='cargodistribution',
            name='crate_policy',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='cargo.cargocratepolicy'),
        ),
        migrations.AddField(
            model_name='cargoremote',
            name='crate_policy',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='cargo.cargocratepolicy'),
        ),
        migrations.CreateModel(
            name='CargoUpstream',
            fields=[
                ('pulp_id', models.UUIDField(default=pulpcore.app.models.base.pulp_uuid, editable=False, primary_key=True, serialize=False)),
                ('pulp_created', models.DateTimeField(auto_now_add=True)),
                ('pulp_last_updated', models.DateTimeField(auto_now=True, null=True)),
                ('position', models.PositiveIntegerField()),
                ('name', models.TextField()),
                ('patterns', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('pins', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('private', models.BooleanField(default=False)),
                ('distribution', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='upstreams', to='cargo.cargodistribution')),
                ('remote', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='cargo.cargoremote')),
                ('repository', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='cargo.cargorepository')),
            ],
            options={
                'ordering': ('position',),
                'default_related_name': '%(app_label)s_%(model_name)s',
                'unique_together': {('distribution', 'name'), ('distribution', 'position')},
            },
            bases=(django_lifecycle.mixins.LifecycleModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='HeldVersion',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.TextField()),
                ('vers', models.TextField()),
                ('rule', models.TextField()),
                ('sentence', models.TextField()),
                ('dry_run', models.BooleanField()),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('times', models.PositiveBigIntegerField(default=1)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='held', to='cargo.cargocratepolicy')),
            ],
            options={
                'unique_together': {('policy', 'name', 'vers', 'rule')},
            },
        ),
        migrations.CreateModel(
            name='UpstreamIndexFile',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.TextField()),
                ('canonical_name', models.TextField()),
                ('gzipped', models.BinaryField(null=True)),
                ('digest', models.CharField(max_length=64)),
                ('is_sound', models.BooleanField(default=True)),
                ('etag', models.TextField(null=True)),
                ('last_modified', models.TextField(null=True)),
                ('checked_at', models.DateTimeField()),
                ('first_seen', models.JSONField(default=dict)),
                ('remote', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='index_files', to='cargo.cargoremote')),
            ],
            options={
                'indexes': [models.Index(fields=['canonical_name'], name='cargo_upstream_canonical')],
                'unique_together': {('remote', 'name')},
            },
        ),
        migrations.CreateModel(
            name='ClaimedName',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('canonical_name', models.TextField()),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='claimed_names', to='cargo.cargorepository')),
            ],
            options={
                'unique_together': {('repository', 'canonical_name')},
            },
        ),
    ]
