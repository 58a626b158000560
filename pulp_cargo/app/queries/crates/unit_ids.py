"""The content units of a crate's versions in a registry."""

from collections.abc import Mapping
from uuid import UUID

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.membership import IS_MEMBER, SERVED, rows_of
from pulp_cargo.protocol.names import canonical_name

UNITS = f"""
    WITH {SERVED}, found AS (
        SELECT unit.vers, unit.content_ptr_id FROM served CROSS JOIN cargo_cratecontent unit
        {IS_MEMBER} WHERE unit.canonical_name = %(canonical)s
    )
    SELECT found.* FROM served LEFT JOIN found ON true
"""


def unit_ids(registry: Registry, name: str) -> Mapping[str, UUID]:
    """Return the ids of a crate's stored versions by `vers`, those of the first upstream that has one.

    Raises VersionGone.
    """
    found: dict[str, UUID] = {}
    for served in registry.upstreams.all:
        for vers, unit in rows_of(served, UNITS, canonical=canonical_name(name)):
            if vers is not None:
                found.setdefault(vers, unit)
    return found
