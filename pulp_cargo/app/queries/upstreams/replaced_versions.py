"""Versions whose bytes an upstream has replaced, and whose new bytes are not accepted."""

from uuid import UUID

from pulp_cargo.app.runtime.rows import first_row

REPLACED = """
    SELECT replaced -> %(vers)s ->> 1 FROM cargo_upstreamindexfile
    WHERE remote_id = %(remote)s AND name = %(name)s AND replaced -> %(vers)s ->> 0 = %(cksum)s
"""


def replaced_by(remote: UUID, lower_name: str, vers: str, cksum: str) -> str | None:
    """Return the checksum that an upstream has instead of the one in its cached index file."""
    values = {"remote": remote, "name": lower_name, "vers": vers, "cksum": cksum}
    row = first_row(REPLACED, values)
    return None if row is None else row[0]
