"""Note the versions that repositories have in any version of theirs that is still there.

Apart from the table's own migration: PostgreSQL does not alter a table with rows whose foreign
keys are still to be checked.
"""

from django.db import migrations

NOTE_ALL = """
    INSERT INTO cargo_usedversion (repository_id, canonical_name, vers_key, cksum)
    SELECT DISTINCT rc.repository_id, unit.canonical_name, unit.vers_key, unit.cksum
    FROM core_repositorycontent rc
    JOIN cargo_cratecontent unit ON unit.content_ptr_id = rc.content_id
    JOIN cargo_cargorepository r ON r.repository_ptr_id = rc.repository_id
    ON CONFLICT (repository_id, canonical_name, vers_key, cksum) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("cargo", "0009_used_versions")]

    operations = [migrations.RunSQL(NOTE_ALL, migrations.RunSQL.noop)]
