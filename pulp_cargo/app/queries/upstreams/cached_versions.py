"""Which versions of a crate a cache has stored in its repository, and so has served before."""

from collections.abc import Mapping

from pulp_cargo.app.queries.repository.membership import (
    IS_MEMBER,
    SERVED,
    ServedVersion,
    rows_of,
)
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.policies.crate_policy import StoredVersion

CACHED_VERSIONS = f"""
    WITH {SERVED}, found AS (
        SELECT unit.name, unit.vers, unit.cksum, unit.license
        FROM served CROSS JOIN cargo_cratecontent unit {IS_MEMBER}
        WHERE unit.canonical_name = %(name)s
    )
    SELECT f.name, f.vers, f.cksum, f.license FROM served LEFT JOIN found f ON true
"""


def cached_versions(served: ServedVersion, name: str) -> Mapping[str, StoredVersion]:
    """Return the stored versions of a crate, by `vers`; raises VersionGone."""
    rows = rows_of(served, CACHED_VERSIONS, name=canonical_name(name))
    # The outer join returns one empty row for a missing crate.
    return {
        vers: StoredVersion(cksum, license or "")
        for found, vers, cksum, license in rows
        if _is(found, name)
    }


def _is(found: str | None, name: str) -> bool:
    # `a-b` and `a_b` have two index files, and may be two crates of an upstream.
    return found is not None and found.lower() == name.lower()
