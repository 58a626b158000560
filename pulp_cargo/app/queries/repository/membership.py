"""What is in the repository version that a registry serves, at a cost that does not grow with it.

Core asks for the units of a version through an array of all ids; the intervals of
`core_repositorycontent` answer the same for a few units by index. Every query joins the served
version itself, so that one statement sees either the whole version or that it was deleted.
"""

from typing import Any, Protocol
from uuid import UUID

import psycopg
from django.db import connection

SERVED = """served AS (
    SELECT number FROM core_repositoryversion WHERE pulp_id = %(version)s AND complete
)"""
# To be joined to `unit`, a content table that an index has narrowed down, and `served`. The
# lateral join keeps the planner from starting with all members of the repository, as it does
# while PostgreSQL has no statistics of new tables.
IS_MEMBER = """
    CROSS JOIN LATERAL (
        SELECT 1 FROM core_repositorycontent rc
        JOIN core_repositoryversion va ON va.pulp_id = rc.version_added_id
        LEFT JOIN core_repositoryversion vr ON vr.pulp_id = rc.version_removed_id
        WHERE rc.content_id = unit.content_ptr_id AND rc.repository_id = %(repository)s
        AND va.number <= served.number AND (vr.number IS NULL OR vr.number > served.number)
        OFFSET 0
    ) member
"""


class ServedVersion(Protocol):
    """A repository version, perhaps none, as a registry or one of its sources has it."""

    @property
    def version(self) -> UUID | None:
        """The repository version."""

    @property
    def repository(self) -> UUID | None:
        """The repository that it is a version of."""


class VersionGone(Exception):
    """The repository version was deleted after the registry was looked up; look again."""


def rows_of(served: ServedVersion, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a query that starts from `served` by an outer join, so that it has a row if that is there.

    Raises VersionGone. Without a version there is nothing to ask for.
    """
    if served.version is None:
        return []
    values |= {"version": served.version, "repository": served.repository}
    connection.ensure_connection()
    # Django sends each query as text, to be planned anew; these few are worth a prepared one.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        rows = cursor.execute(query, values, prepare=True).fetchall()
    if not rows:
        raise VersionGone
    return rows
