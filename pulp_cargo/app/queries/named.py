"""Crate versions of a repository that are named, as people do it, and not by their units."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from pulp_cargo.app.queries.heads import LATEST
from pulp_cargo.app.queries.membership import IS_MEMBER
from pulp_cargo.protocol.errors import VersionsNotFound
from pulp_cargo.protocol.names import CrateName, canonical_name
from pulp_cargo.protocol.semver import Version

NAMED = f"""
    WITH {LATEST}, served AS (SELECT number FROM latest)
    SELECT unit.canonical_name, unit.vers_key, unit.content_ptr_id, unit.vers
    FROM served CROSS JOIN unnest(%(names)s::text[], %(versions)s::text[])
        wanted (canonical_name, vers_key)
    JOIN cargo_cratecontent unit USING (canonical_name, vers_key) {IS_MEMBER}
"""


@dataclass(frozen=True, slots=True)
class NamedVersion:
    """A crate, in any spelling, and one of its versions, with its build metadata."""

    name: CrateName
    vers: Version

    @property
    def key(self) -> tuple[str, str]:
        """What it is found by: a repository has one version with this key."""
        return canonical_name(self.name), self.vers.without_build


def units(repository: UUID, wanted: Collection[NamedVersion]) -> list[UUID]:
    """Return the units that the newest version of a repository has of these crate versions.

    Raises VersionsNotFound if it lacks one of them: another build metadata is another file.
    """
    keys = sorted({one.key for one in wanted})
    values = {
        "repository": repository,
        "repositories": [repository],
        "names": [name for name, _ in keys],
        "versions": [vers for _, vers in keys],
    }
    with connection.cursor() as cursor:
        cursor.execute(NAMED, values)
        there = {(name, key): (pk, vers) for name, key, pk, vers in cursor.fetchall()}
    found = [(one, there.get(one.key, (None, None))[1]) for one in wanted]
    missing = [(one.name, str(one.vers), vers) for one, vers in found if vers != str(one.vers)]
    if missing:
        raise VersionsNotFound(missing)
    return [pk for pk, _ in there.values()]
