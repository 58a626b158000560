"""The content of the repository version that a registry serves, at a cost independent of its size.

Core queries the units of a version through an array of all ids. The intervals of
`core_repositorycontent` answer the same for a few units by an index. Every query joins the served
version itself, so that one statement sees either the whole version or that it was deleted.
"""

from typing import Any, Protocol
from uuid import UUID

from pulp_cargo.app.models.membership import member_of
from pulp_cargo.app.runtime import statements

SERVED = """served AS (
    SELECT number FROM core_repositoryversion WHERE pulp_id = %(version)s AND complete
)"""
# For joins to `served` and to `unit`, the rows of a content table that an index has selected.
IS_MEMBER = member_of("%(repository)s", "served.number")


class ServedVersion(Protocol):
    """A repository version, perhaps none, as an upstream of a registry has it."""

    @property
    def version(self) -> UUID | None:
        """The repository version."""

    @property
    def repository(self) -> UUID | None:
        """The repository that it is a version of."""


class VersionGone(Exception):
    """The repository version was deleted after the registry was looked up."""


def rows_of(served: ServedVersion, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a query with an outer join from `served`, so that it has a row if the version exists.

    Raises VersionGone. Without a version there are no rows.
    """
    if served.version is None:
        return []
    values |= {"version": served.version, "repository": served.repository}
    rows = statements.ask(query, values).fetch()
    if not rows:
        raise VersionGone
    return rows
