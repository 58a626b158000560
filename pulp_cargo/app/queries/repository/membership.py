"""What is in the repository version that a registry serves, at a cost that does not grow with it.

Core asks for the units of a version through an array of all ids; the intervals of
`core_repositorycontent` answer the same for a few units by index. Every query joins the served
version itself, so that one statement sees either the whole version or that it was deleted.
"""

from typing import Any, Protocol
from uuid import UUID

from pulp_cargo.app.models.membership import member_of
from pulp_cargo.app.runtime.rows import rows_with_bound_values

SERVED = """served AS (
    SELECT number FROM core_repositoryversion WHERE pulp_id = %(version)s AND complete
)"""
# To be joined to `unit`, a content table that an index has narrowed down, and `served`.
IS_MEMBER = member_of("%(repository)s", "served.number")


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
    rows = rows_with_bound_values(query, values)
    if not rows:
        raise VersionGone
    return rows
