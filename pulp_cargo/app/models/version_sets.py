"""Writing a repository version with any number of changes, as rows (see `version_rows`).

The changes are in the temporary tables `cargo_added` and `cargo_removed`, so neither they nor the
membership pass through this process: core reads all ids of the version before, several times, and
makes an object for each change. The cost depends on the changes, but for the array of ids that core
has in each version.
"""

from collections.abc import Collection
from uuid import UUID, uuid4

from django.db import connection

from pulpcore.plugin.models import CreatedResource, RepositoryVersion, Task

from pulp_cargo.app.models import invariants
from pulp_cargo.app.models.claims import claim_names
from pulp_cargo.app.models.crate import CrateContent, CrateYank
from pulp_cargo.app.models.repository import CargoRepository, lock
from pulp_cargo.app.models.version_rows import NEXT_NUMBER, TIME_ORDERED_ID
from pulp_cargo.app.runtime.rows import first_row

CREATE = """
    CREATE TEMPORARY TABLE cargo_added (content_id uuid) ON COMMIT DROP;
    CREATE TEMPORARY TABLE cargo_removed (content_id uuid) ON COMMIT DROP
"""
DROP = "DROP TABLE cargo_added; DROP TABLE cargo_removed"
COUNT = "SELECT (SELECT count(*) FROM cargo_added), (SELECT count(*) FROM cargo_removed)"
# With more new rows, PostgreSQL has to be told: with the statistics from before, it would compare
# every added unit with the whole repository when the invariants are checked.
MANY = 5_000
# A sample of the columns by which rows are found is enough for that. It costs a tenth, and leaves the
# rest to autovacuum: PostgreSQL counts a table as analyzed only if all of its columns are.
ANALYZE = """
    SET LOCAL default_statistics_target = 20;
    ANALYZE core_repositorycontent (repository_id, content_id, version_added_id, version_removed_id),
        cargo_cratecontent (content_ptr_id, name, canonical_name, vers, vers_key, cksum)
"""

NEW_VERSION = """
    INSERT INTO core_repositoryversion (pulp_id, pulp_created, pulp_last_updated, repository_id,
        number, complete, base_version_id, info, content_ids)
    VALUES (%(new)s, now(), now(), %(repository)s, %(number)s, false, NULL, '{}', '{}')
"""
ADD_MEMBERS = f"""
    INSERT INTO core_repositorycontent (pulp_id, pulp_created, pulp_last_updated, repository_id,
        content_id, version_added_id, version_removed_id)
    SELECT {TIME_ORDERED_ID}, now(), now(), %(repository)s, a.content_id, %(new)s, NULL
    FROM cargo_added a
"""
REMOVE_MEMBERS = """
    UPDATE core_repositorycontent rc SET version_removed_id = %(new)s FROM cargo_removed r
    WHERE rc.repository_id = %(repository)s AND rc.version_removed_id IS NULL
    AND rc.content_id = r.content_id
"""
# What the invariants remove may be what the version adds.
UNDO_ADDED = """
    DELETE FROM core_repositorycontent
    WHERE version_added_id = %(new)s AND content_id = ANY(%(units)s::uuid[])
"""
REMOVE_MORE = """
    UPDATE core_repositorycontent SET version_removed_id = %(new)s
    WHERE repository_id = %(repository)s AND version_removed_id IS NULL
    AND content_id = ANY(%(units)s::uuid[])
"""
CHANGES = """
    SELECT EXISTS (SELECT 1 FROM core_repositorycontent WHERE version_added_id = %(new)s),
        EXISTS (SELECT 1 FROM core_repositorycontent WHERE version_removed_id = %(new)s)
"""
FORGET = "DELETE FROM core_repositoryversion WHERE pulp_id = %(new)s"
ADDED = """ARRAY(
    SELECT content_id FROM core_repositorycontent WHERE version_added_id = %(new)s
)"""
# PostgreSQL puts the removed ids into a hash table.
LEFT = """ARRAY(
    SELECT id FROM unnest(previous.content_ids) id WHERE id NOT IN (
        SELECT content_id FROM core_repositorycontent WHERE version_removed_id = %(new)s
    )
)"""
COMPLETE = """
    UPDATE core_repositoryversion new SET complete = true, content_ids = {left} || {added}
    FROM core_repositoryversion previous
    WHERE new.pulp_id = %(new)s AND previous.pulp_id = %(previous)s
"""
COUNT_CHANGES = """
    WITH changed AS (
        SELECT kind, pulp_type, count(*) AS count FROM (
            SELECT 'A' AS kind, content_id FROM core_repositorycontent
            WHERE version_added_id = %(new)s
            UNION ALL
            SELECT 'R', content_id FROM core_repositorycontent WHERE version_removed_id = %(new)s
        ) rc CROSS JOIN LATERAL (
            SELECT CASE WHEN EXISTS (
                SELECT 1 FROM cargo_crateyank y WHERE y.content_ptr_id = rc.content_id OFFSET 0
            ) THEN %(yank)s ELSE %(crate)s END AS pulp_type
        ) unit GROUP BY 1, 2
    )
    INSERT INTO core_repositoryversioncontentdetails
        (count_type, content_type, repository_version_id, count)
    SELECT kind, pulp_type, %(new)s, count FROM changed
    UNION ALL
    SELECT 'P', pulp_type, %(new)s, sum(count) FROM (
        SELECT content_type AS pulp_type, count FROM core_repositoryversioncontentdetails
        WHERE repository_version_id = %(previous)s AND count_type = 'P'
        UNION ALL
        SELECT pulp_type, CASE kind WHEN 'A' THEN count ELSE -count END FROM changed
    ) present GROUP BY pulp_type HAVING sum(count) > 0
"""


class NewVersion:
    """A repository version that is being written, in a transaction."""

    def __init__(self, repository: CargoRepository) -> None:
        """Lock the repository, remove what a crash has left over, and create the tables."""
        lock(repository.pk)
        repository.refresh_from_db(fields=["next_version"])
        versions = repository.versions.defer("content_ids")
        newest = versions.latest()
        if not newest.complete:
            newest.delete()
            newest = versions.latest()
        self._repository = repository
        self._number = max(repository.next_version, newest.number + 1)
        self._values = {
            "new": uuid4(),
            "repository": repository.pk,
            "previous": newest.pk,
            "number": self._number,
            "crate": CrateContent.get_pulp_type(),
            "yank": CrateYank.get_pulp_type(),
        }
        self._run(CREATE)

    def write(self) -> RepositoryVersion | None:
        """Write the version from the tables, as core does; returns None if nothing changes.

        Raises ValidationError. The ids of the returned version are only loaded if they are used.
        """
        added, removed = first_row(COUNT) or (0, 0)
        if not added and not removed:
            self._run(DROP)
            return None
        self._run(NEW_VERSION)
        self._run(REMOVE_MEMBERS)
        self._run(ADD_MEMBERS)
        self._run(DROP)
        if added + removed >= MANY:
            self._run(ANALYZE)
        version = self._version()
        for find in (invariants.second_descriptions, invariants.dangling_yanks):
            self._remove(find(version))
        invariants.require_sound(version)
        claim_names(version.pk)
        has_added, has_removed = first_row(CHANGES, self._values) or (False, False)
        if not has_added and not has_removed:
            self._run(FORGET)
            return None
        left = LEFT if has_removed else "previous.content_ids"
        for statement in (COMPLETE.format(left=left, added=ADDED), COUNT_CHANGES, NEXT_NUMBER):
            self._run(statement)
        return self._version()

    def _version(self) -> RepositoryVersion:
        return RepositoryVersion.objects.defer("content_ids").get(pk=self._values["new"])

    def _remove(self, units: Collection[UUID]) -> None:
        if units:
            for statement in (UNDO_ADDED, REMOVE_MORE):
                self._run(statement, units=list(units))

    def _run(self, statement: str, **more: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, self._values | more)


def note_created(version: RepositoryVersion, repository: CargoRepository) -> None:
    """Note a version as a resource that the current task has created, as core does."""
    if Task.current() and not repository.user_hidden:
        CreatedResource(content_object=version).save()
