"""Keep PostgreSQL from trying to compress what cannot be compressed.

Every repository version stores the ids of its whole content. They share beginnings, so
PostgreSQL's compression works through all of them, gains nothing, and stores them as they are:
measured on 50,000 ids, 26 ms of each new version's 29. With EXTERNAL storage they go to disk
directly. The change is to the catalogue only; what is stored, and how it reads, stays the same.
"""

from django.db import migrations

SET_STORAGE = """
    DO $$ BEGIN
        IF EXISTS (
            SELECT FROM information_schema.columns WHERE table_schema = current_schema()
            AND table_name = 'core_repositoryversion' AND column_name = 'content_ids'
        ) THEN
            ALTER TABLE core_repositoryversion ALTER COLUMN content_ids SET STORAGE {storage};
        END IF;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [("cargo", "0001_initial")]

    operations = [
        migrations.RunSQL(
            SET_STORAGE.replace("{storage}", "EXTERNAL"),
            SET_STORAGE.replace("{storage}", "EXTENDED"),
        )
    ]
