"""Catalogs for search; `pg_trgm` is an extension that the owner of a database may create (trusted)."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cargo', '0014_policy_refusal'),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name='CrateCatalog',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('described', models.UUIDField(null=True)),
                ('number', models.IntegerField(default=0)),
                ('stale', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='catalogs', to='cargo.cargorepository')),
                ('version', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='cargo_catalog', to='core.repositoryversion')),
            ],
        ),
        migrations.CreateModel(
            name='CatalogCrate',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('canonical_name', models.TextField()),
                ('name', models.TextField()),
                ('unit', models.UUIDField()),
                ('default_version', models.TextField()),
                ('max_version', models.TextField()),
                ('max_stable', models.TextField()),
                ('newest_version', models.TextField()),
                ('num_versions', models.IntegerField()),
                ('yanked', models.BooleanField()),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('description', models.TextField(null=True)),
                ('keywords', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('dependencies', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('heading', django.contrib.postgres.search.SearchVectorField()),
                ('document', django.contrib.postgres.search.SearchVectorField()),
                ('catalog', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='crates', to='cargo.cratecatalog')),
            ],
        ),
        migrations.AddConstraint(
            model_name='cratecatalog',
            constraint=models.UniqueConstraint(condition=models.Q(('version', None)), fields=('repository',), name='cargo_catalog_of_newest'),
        ),
        migrations.AddIndex(
            model_name='catalogcrate',
            index=django.contrib.postgres.indexes.GinIndex(fields=['document'], name='cargo_catalog_document'),
        ),
        migrations.AddIndex(
            model_name='catalogcrate',
            index=django.contrib.postgres.indexes.GinIndex(fields=['canonical_name'], name='cargo_catalog_trigrams', opclasses=['gin_trgm_ops']),
        ),
        migrations.AddIndex(
            model_name='catalogcrate',
            index=django.contrib.postgres.indexes.GinIndex(fields=['keywords'], name='cargo_catalog_keywords'),
        ),
        migrations.AddIndex(
            model_name='catalogcrate',
            index=django.contrib.postgres.indexes.GinIndex(fields=['categories'], name='cargo_catalog_categories'),
        ),
        migrations.AddIndex(
            model_name='catalogcrate',
            index=django.contrib.postgres.indexes.GinIndex(fields=['dependencies'], name='cargo_catalog_dependencies'),
        ),
        migrations.AddIndex(
            model_name='catalogcrate',
            index=models.Index(fields=['catalog', 'updated_at'], name='cargo_catalog_updated'),
        ),
        migrations.AddIndex(
            model_name='catalogcrate',
            index=models.Index(fields=['catalog', 'created_at'], name='cargo_catalog_created'),
        ),
        migrations.AddConstraint(
            model_name='catalogcrate',
            constraint=models.UniqueConstraint(fields=('catalog', 'canonical_name'), name='cargo_catalog_crate_name'),
        ),
    ]
