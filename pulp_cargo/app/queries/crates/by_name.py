"""Crate versions of a repository by name and version, which people know, instead of by unit."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.queries.repository.head import LATEST
from pulp_cargo.app.queries.repository.membership import IS_MEMBER
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.protocol.errors import VersionsNotFound
from pulp_cargo.protocol.names import CrateName, canonical_name
from pulp_cargo.protocol.semver import Version

# By number, so that the error for a missing build can name the one that exists.
NAMED = f"""
    WITH {LATEST}, served AS (SELECT number FROM latest)
    SELECT unit.canonical_name, unit.vers_key, unit.vers, unit.content_ptr_id
    FROM served CROSS JOIN unnest(%(names)s::text[], %(numbers)s::text[])
        wanted (canonical_name, vers_key)
    JOIN cargo_cratecontent unit USING (canonical_name, vers_key) {IS_MEMBER}
"""

# A canonical name, and a version without its build metadata.
Number = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NamedVersion:
    """A crate, in any spelling, and one of its versions, with its build metadata."""

    name: CrateName
    vers: Version

    @property
    def key(self) -> tuple[str, str]:
        """The crate, in canonical form, and the version."""
        return canonical_name(self.name), str(self.vers)

    @property
    def number(self) -> Number:
        """The same without build metadata."""
        return canonical_name(self.name), self.vers.without_build


def units(repository: UUID, wanted: Collection[NamedVersion]) -> list[UUID]:
    """Return the units that the newest version of a repository has of these crate versions.

    Raises VersionsNotFound if one of them is missing: other build metadata mean another file.
    """
    there = builds(repository, {one.number for one in wanted})
    missing = [one for one in wanted if str(one.vers) not in there[one.number]]
    if missing:
        raise VersionsNotFound(
            [(one.name, str(one.vers), min(there[one.number], default=None)) for one in missing]
        )
    return [there[one.number][str(one.vers)] for one in wanted]


def builds(repository: UUID, numbers: Collection[Number]) -> Mapping[Number, dict[str, UUID]]:
    """Return the units of the newest version of a repository by their numbers and `vers`."""
    ordered = sorted(numbers)
    values = {
        "repository": repository,
        "repositories": [repository],
        "names": [name for name, _ in ordered],
        "numbers": [vers for _, vers in ordered],
    }
    found: defaultdict[Number, dict[str, UUID]] = defaultdict(dict)
    for name, number, vers, pk in all_rows(NAMED, values):
        found[name, number][vers] = pk
    return found
