"""Note the names of the crates that repositories have in any version that is still there.

Apart from the table's own migration: PostgreSQL does not alter a table with rows whose foreign
keys are still to be checked.
"""

from django.db import migrations

CLAIM_ALL = """
    INSERT INTO cargo_claimedname (repository_id, canonical_name)
    SELECT DISTINCT rc.repository_id, unit.canonical_name FROM core_repositorycontent rc
    JOIN cargo_cratecontent unit ON unit.content_ptr_id = rc.content_id
    JOIN cargo_cargorepository r ON r.repository_ptr_id = rc.repository_id
    ON CONFLICT (repository_id, canonical_name) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("cargo", "0004_upstreams")]

    operations = [migrations.RunSQL(CLAIM_ALL, migrations.RunSQL.noop)]
