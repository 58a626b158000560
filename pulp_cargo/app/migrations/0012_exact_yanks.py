"""Let a yank mark name a version exactly, with its build metadata.

Marks named the number without build metadata, of which a repository had one version. Which one that
was differs from repository to repository and from time to time, so each place of such a mark gets
the mark of the version that it was about. There are few: build metadata is rare.
"""

from typing import Any
from uuid import UUID

from django.db import migrations

MEANT = """
    SELECT rc.pulp_id, rc.repository_id, va.number, vr.number, y.content_ptr_id, y.canonical_name,
        c.vers, y._pulp_domain_id
    FROM cargo_crateyank y
    JOIN cargo_cratecontent c ON c.canonical_name = y.canonical_name AND c.vers_key = y.vers
    JOIN core_repositorycontent rc ON rc.content_id = y.content_ptr_id
    JOIN core_repositoryversion va ON va.pulp_id = rc.version_added_id
    LEFT JOIN core_repositoryversion vr ON vr.pulp_id = rc.version_removed_id
    WHERE c.vers <> y.vers AND EXISTS (
        SELECT 1 FROM core_repositorycontent cc
        JOIN core_repositoryversion ca ON ca.pulp_id = cc.version_added_id
        LEFT JOIN core_repositoryversion cr ON cr.pulp_id = cc.version_removed_id
        WHERE cc.content_id = c.content_ptr_id AND cc.repository_id = rc.repository_id
        AND ca.number <= va.number AND (cr.number IS NULL OR cr.number > va.number)
    )
"""
RENAME_MEMBER = "UPDATE core_repositorycontent SET content_id = %s WHERE pulp_id = %s"
# A core without the column lists the ids nowhere else.
HAS_IDS = """
    SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema()
    AND table_name = 'core_repositoryversion' AND column_name = 'content_ids'
"""
RENAME_IDS = """
    UPDATE core_repositoryversion SET content_ids = array_replace(content_ids, %s, %s)
    WHERE repository_id = %s AND number >= %s AND number < coalesce(%s, 2147483647)
"""


def split(apps: Any, schema_editor: Any) -> None:
    """Put the exact marks in the places of those that named a number."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(HAS_IDS)
        has_ids = cursor.fetchone() is not None
        cursor.execute(MEANT)
        for member, repository, first, end, old, name, vers, domain in cursor.fetchall():
            new = _mark(apps, name, vers, domain)
            cursor.execute(RENAME_MEMBER, [new, member])
            if has_ids:
                cursor.execute(RENAME_IDS, [old, new, repository, first, end])


def _mark(apps: Any, name: str, vers: str, domain: UUID) -> UUID:
    marks = apps.get_model("cargo", "CrateYank").objects
    mark, _ = marks.get_or_create(
        canonical_name=name,
        vers=vers,
        _pulp_domain_id=domain,
        defaults={"pulp_domain_id": domain, "pulp_type": "cargo.yank"},
    )
    return mark.pk


class Migration(migrations.Migration):
    dependencies = [("cargo", "0011_mirrored_urls")]

    operations = [
        migrations.RenameField("crateyank", "vers_key", "vers"),
        migrations.RunPython(split, migrations.RunPython.noop),
    ]
