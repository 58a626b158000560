"""Deleting old repository versions, with few statements and outside of requests.

Every version stores the ids of its whole content, so the disk use of old versions grows with the
square of the publishes. Core deletes them one by one within the publish; here all that are due are
deleted in one transaction, at a cost that depends on their changes.
"""

from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import ManyToManyRel
from django.dispatch import Signal

from pulpcore.plugin.models import RepositoryContent, RepositoryVersion

from pulp_cargo.app.models.catalog import CARRY_OVER
from pulp_cargo.app.models.core import RepositoryVersionContentDetails
from pulp_cargo.app.models.version_label import VersionLabel
from pulp_cargo.app.runtime.silence import silence

if TYPE_CHECKING:
    from pulp_cargo.app.models.repository import CargoRepository

# Sent within the transaction that has deleted versions of a `repository`, whose id it has.
versions_trimmed = Signal()
# The first key of the advisory lock against concurrent clean-ups of a repository.
LOCK_CLASS = 0x6361_7268

# Each version to be deleted, with the remaining version that takes over its changes.
HEIRS = """
    CREATE TEMPORARY TABLE cargo_heirs ON COMMIT DROP AS
    SELECT gone.pulp_id AS gone, (
        SELECT retained.pulp_id FROM core_repositoryversion retained
        WHERE retained.repository_id = gone.repository_id AND retained.complete
        AND retained.number > gone.number AND retained.pulp_id <> ALL(%(gone)s::uuid[])
        ORDER BY retained.number LIMIT 1
    ) AS heir
    FROM core_repositoryversion gone WHERE gone.pulp_id = ANY(%(gone)s::uuid[])
"""
# Units that were added and removed between two remaining versions are in neither.
FORGET_PASSING = """
    DELETE FROM core_repositorycontent rc USING cargo_heirs a
    WHERE a.gone = rc.version_added_id AND rc.version_removed_id IS NOT NULL
    AND a.heir = coalesce(
        (SELECT r.heir FROM cargo_heirs r WHERE r.gone = rc.version_removed_id),
        rc.version_removed_id
    )
"""
INHERIT_ADDED = """
    UPDATE core_repositorycontent rc SET version_added_id = h.heir
    FROM cargo_heirs h WHERE h.gone = rc.version_added_id
"""
INHERIT_REMOVED = """
    UPDATE core_repositorycontent rc SET version_removed_id = h.heir
    FROM cargo_heirs h WHERE h.gone = rc.version_removed_id
"""
# A unit that was removed and added again between two remaining versions is in both: the later of
# its two rows is deleted, the earlier takes over its end. Last rows first, so that chains collapse.
REJOIN = """
    WITH later AS (
        DELETE FROM core_repositorycontent l USING core_repositorycontent e
        WHERE l.version_added_id IN (SELECT heir FROM cargo_heirs)
        AND e.repository_id = l.repository_id AND e.content_id = l.content_id
        AND e.version_removed_id = l.version_added_id
        AND NOT EXISTS (
            SELECT 1 FROM core_repositorycontent n
            WHERE n.repository_id = l.repository_id AND n.content_id = l.content_id
            AND n.version_added_id = l.version_removed_id
        )
        RETURNING e.pulp_id AS earlier, l.version_removed_id AS ended
    )
    UPDATE core_repositorycontent rc SET version_removed_id = later.ended
    FROM later WHERE rc.pulp_id = later.earlier
"""
RECOUNT = """
    INSERT INTO core_repositoryversioncontentdetails
        (count_type, content_type, repository_version_id, count)
    SELECT t.kind, c.pulp_type, t.version, count(*) FROM (
        SELECT 'A' AS kind, version_added_id AS version, content_id FROM core_repositorycontent
        WHERE version_added_id IN (SELECT heir FROM cargo_heirs)
        UNION ALL
        SELECT 'R', version_removed_id, content_id FROM core_repositorycontent
        WHERE version_removed_id IN (SELECT heir FROM cargo_heirs)
    ) t JOIN core_content c ON c.pulp_id = t.content_id GROUP BY 1, 2, 3
"""

DELETE_ROWS = (
    """
    DELETE FROM core_repositoryversioncontentdetails
    WHERE repository_version_id = ANY(%(gone)s::uuid[])
    """,
    "DELETE FROM core_repositoryversion WHERE pulp_id = ANY(%(gone)s::uuid[])",
)


def trim(repository: "CargoRepository") -> int:
    """Delete the versions beyond what the repository retains, and return their number.

    The newest version and those that a distribution serves or that have a label are not deleted. Does
    nothing while another process cleans up the same repository.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LOCK_CLASS, str(repository.pk)]
        )
        gone = _due(repository) if cursor.fetchone()[0] else []
        if gone:
            gone = _delete(gone)
            versions_trimmed.send(type(repository), repository=repository.pk)
    return len(gone)


def give_space_back() -> None:
    """Let PostgreSQL reuse the space of deleted versions now; call it outside a transaction.

    Autovacuum is too late for a repository with constant publishes: with 10,000 crates each
    deleted version takes 160 kB until then.
    """
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (SKIP_LOCKED) core_repositoryversion")


def _due(repository: "CargoRepository") -> list[UUID]:
    """The versions to delete: complete, not the newest, not protected, beyond the retained number."""
    if not repository.retain_repo_versions:
        return []
    newest_first = repository.versions.complete().order_by("-number")
    # Read once: a version that is committed meanwhile is no candidate.
    others = list(newest_first.values_list("pk", flat=True))[1:]
    protected = set(repository.protected_versions().values_list("pk", flat=True))
    # The newest counts as retained, so that retaining 1 leaves only that one.
    return [pk for pk in others if pk not in protected][repository.retain_repo_versions - 1 :]


def _delete(due: list[UUID]) -> list[UUID]:
    """Delete versions except for those that have just got a label, and return which are gone."""
    with connection.cursor() as cursor:
        # Core must not merge another version into one of these meanwhile.
        cursor.execute(
            "SELECT FROM core_repositoryversion WHERE pulp_id = ANY(%s) FOR UPDATE", [due]
        )
        # From here on none of them can get a label.
        labelled = set(
            VersionLabel.objects.filter(version__in=due).values_list("version_id", flat=True)
        )
        gone = [pk for pk in due if pk not in labelled]
        cursor.execute(HEIRS, {"gone": gone})
        cursor.execute(CARRY_OVER)
        for statement in (FORGET_PASSING, INHERIT_ADDED, INHERIT_REMOVED):
            cursor.execute(statement)
        while True:
            cursor.execute(REJOIN)
            if not cursor.rowcount:
                break
        cursor.execute("SELECT DISTINCT heir FROM cargo_heirs")
        heirs = [row[0] for row in cursor.fetchall()]
        RepositoryVersionContentDetails.objects.filter(
            repository_version__in=heirs, count_type__in=["A", "R"]
        ).delete()
        cursor.execute(RECOUNT)
        cursor.execute("DROP TABLE cargo_heirs")
        _delete_rows(cursor, gone)
    return gone


def _delete_rows(cursor: CursorWrapper, gone: list[UUID]) -> None:
    """Delete versions of which no unit was added or removed; what refers to them may follow."""
    cursor.execute(_is_referred_to(), {"gone": gone})
    ((is_referred_to,),) = cursor.fetchall()
    if is_referred_to:
        with silence():
            # Without the ids of what they have, which may be millions.
            RepositoryVersion.objects.filter(pk__in=gone).defer("content_ids").delete()
        return
    # Django would look for references table by table, which takes as long as all of the rest.
    for statement in DELETE_ROWS:
        cursor.execute(statement, {"gone": gone})


@cache
def _is_referred_to() -> str:
    """Return the query whether a table, of any plugin, refers to versions, besides `DELETE_ROWS`."""
    found = []
    for relation in RepositoryVersion._meta.related_objects:
        if relation.related_model in (RepositoryContent, RepositoryVersionContentDetails):
            continue
        table, column = relation.related_model._meta.db_table, relation.field.column
        if isinstance(relation, ManyToManyRel):
            table, column = relation.through._meta.db_table, relation.field.m2m_reverse_name()
        found.append(f"EXISTS (SELECT FROM {table} WHERE {column} = ANY(%(gone)s::uuid[]))")
    return f"SELECT {' OR '.join(found)}"
