"""Writing repository versions as rows, at a cost that hardly grows with the repository.

Core's `RepositoryVersion` counts and rewrites the whole membership several times (measured:
950 ms for one crate in a repository of 100,000). The few statements here produce the same rows; a
test compares them, and core's code works with either. They depend on core's columns: if the tables
have others (`is_supported`), core's code is used instead.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Model

from pulpcore.plugin.models import Content, RepositoryContent, RepositoryVersion

from pulp_cargo.app.models.claims import claims_of
from pulp_cargo.app.models.core import RepositoryVersionContentDetails
from pulp_cargo.app.models.core_columns import COLUMNS
from pulp_cargo.app.models.repository import CargoRepository
from pulp_cargo.app.runtime import statements

# The tables that are written here.
WRITTEN: tuple[type[Model], ...] = (
    RepositoryVersion,
    RepositoryContent,
    RepositoryVersionContentDetails,
)

# An id that begins with the time: B-trees of random ones are rewritten page by page as they grow.
TIME_ORDERED_ID = """encode(overlay(uuid_send(gen_random_uuid()) PLACING substring(
    int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3
) FROM 1 FOR 6), 'hex')::uuid"""
NEW_VERSION = """
    INSERT INTO core_repositoryversion (pulp_id, pulp_created, pulp_last_updated, repository_id,
        number, complete, base_version_id, info, content_ids)
    SELECT %(new)s, now(), now(), repository_id, %(number)s, true, NULL, '{}', {membership}
    FROM core_repositoryversion WHERE pulp_id = %(previous)s
"""
GROWN = "content_ids || %(added)s::uuid[]"
CHANGED = """ARRAY(
    SELECT unnest(content_ids) EXCEPT SELECT unnest(%(removed)s::uuid[])
) || %(added)s::uuid[]"""
ADD_MEMBERS = """
    INSERT INTO core_repositorycontent (pulp_id, pulp_created, pulp_last_updated, repository_id,
        content_id, version_added_id, version_removed_id)
    SELECT gen_random_uuid(), now(), now(), %(repository)s, added, %(new)s, NULL
    FROM unnest(%(added)s::uuid[]) added
"""
REMOVE_MEMBERS = """
    UPDATE core_repositorycontent SET version_removed_id = %(new)s
    WHERE repository_id = %(repository)s AND version_removed_id IS NULL
    AND content_id = ANY(%(removed)s::uuid[])
"""
COUNT_CHANGES = """
    INSERT INTO core_repositoryversioncontentdetails
        (count_type, content_type, repository_version_id, count)
    SELECT t.count_type, t.content_type, %(new)s, sum(t.count) FROM (
        SELECT 'P' AS count_type, content_type, count
        FROM core_repositoryversioncontentdetails
        WHERE repository_version_id = %(previous)s AND count_type = 'P'
        UNION ALL
        SELECT kinds.kind, c.pulp_type, kinds.sign FROM core_content c
        CROSS JOIN (VALUES ('P', 1), ('A', 1)) kinds (kind, sign)
        WHERE c.pulp_id = ANY(%(added)s::uuid[])
        UNION ALL
        SELECT kinds.kind, c.pulp_type, kinds.sign FROM core_content c
        CROSS JOIN (VALUES ('P', -1), ('R', 1)) kinds (kind, sign)
        WHERE c.pulp_id = ANY(%(removed)s::uuid[])
    ) t GROUP BY 1, 2 HAVING sum(t.count) > 0
"""
NEXT_NUMBER = """
    UPDATE core_repository SET next_version = %(number)s + 1, pulp_last_updated = now()
    WHERE pulp_id = %(repository)s
"""
# The parts write to different tables, and do not read what the others write.
ADDED_UNITS = """(
    SELECT %(repository)s::uuid AS repository_id, content_id
    FROM unnest(%(added)s::uuid[]) content_id
)"""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A new repository version."""

    pk: UUID
    number: int


@cache
def is_supported() -> bool:
    """Return whether core's tables have exactly the columns that the statements here write."""
    return all(
        {field.column for field in model._meta.concrete_fields} == COLUMNS[model._meta.db_table]
        for model in WRITTEN
    )


def write(
    repository: UUID, previous: UUID, number: int, *, added: list[UUID], removed: list[UUID]
) -> NewVersion:
    """Write version `number` after the version `previous`; the caller has the lock.

    The caller has checked that `added` units are not members and `removed` units are.
    """
    values: dict[str, Any] = {
        "new": uuid4(),
        "number": number,
        "previous": previous,
        "repository": repository,
        "added": added,
        "removed": removed,
    }
    statements.run(_statement(bool(removed)), values)
    return NewVersion(pk=values["new"], number=number)


@cache
def _statement(has_removed: bool) -> str:
    """Return the one statement that writes a version; each further one would delay every publish."""
    membership = CHANGED if has_removed else GROWN
    gone = f"gone AS ({REMOVE_MEMBERS})," if has_removed else ""
    return f"""
        WITH version AS ({NEW_VERSION.replace("{membership}", membership)}),
        members AS ({ADD_MEMBERS}), {gone}
        counts AS ({COUNT_CHANGES}),
        {claims_of(ADDED_UNITS)}
        {NEXT_NUMBER}
    """


def write_with_core(
    repository: UUID, previous: UUID, number: int, *, added: list[UUID], removed: list[UUID]
) -> NewVersion:
    """Do the same as `write` with core's code, at a cost that grows with the repository."""
    # The caller has checked the numbers, too.
    with CargoRepository.objects.get(pk=repository).new_version(follows=True) as version:
        version.remove_content(Content.objects.filter(pk__in=removed))
        version.add_content(Content.objects.filter(pk__in=added))
    return NewVersion(pk=version.pk, number=version.number)
