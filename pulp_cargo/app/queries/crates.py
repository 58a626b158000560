"""One version of a crate in a registry, and the file that it has."""

from dataclasses import dataclass

from pulp_cargo.app.queries.membership import IS_MEMBER, SERVED, rows_of
from pulp_cargo.app.queries.registries import Registry
from pulp_cargo.protocol.names import canonical_name

CRATE_FILE = f"""
    WITH {SERVED}, found AS (
        SELECT unit.cksum, a.file, a.size
        FROM served CROSS JOIN cargo_cratecontent unit {IS_MEMBER}
        JOIN core_contentartifact ca ON ca.content_id = unit.content_ptr_id
        JOIN core_artifact a ON a.pulp_id = ca.artifact_id
        WHERE unit.canonical_name = %(canonical)s AND unit.name = %(name)s AND unit.vers = %(vers)s
    )
    SELECT found.cksum, found.file, found.size FROM served LEFT JOIN found ON true
"""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where the bytes of a .crate file are: a name in the domain's storage, and their size."""

    cksum: str
    storage_name: str
    size: int


def crate_file(registry: Registry, name: str, vers: str) -> StoredFile | None:
    """Return the file of just this spelling and version, build metadata included, or None."""
    rows = rows_of(registry, CRATE_FILE, canonical=canonical_name(name), name=name, vers=vers)
    return StoredFile(*rows[0]) if rows and rows[0][0] is not None else None
