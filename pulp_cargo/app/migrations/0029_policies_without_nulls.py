"""Removes the null entries that earlier versions accepted in the lists of crate policies.

A policy with one could not be read. It named no crate, so without it nothing else is allowed or refused.
"""

from django.db import migrations

REMOVE_NULLS = "; ".join(
    f"""
    UPDATE cargo_cargocratepolicy SET pulp_last_updated = now(), {column} = (
        SELECT coalesce(jsonb_agg(entry ORDER BY at) FILTER (WHERE entry <> 'null'), '[]')
        FROM jsonb_array_elements({column}) WITH ORDINALITY AS entries (entry, at)
    ) WHERE {column} @> '[null]'
    """
    for column in ("allow", "block", "exceptions")
)


class Migration(migrations.Migration):
    dependencies = [("cargo", "0028_accepted_snapshots")]

    operations = [migrations.RunSQL(REMOVE_NULLS, migrations.RunSQL.noop)]
