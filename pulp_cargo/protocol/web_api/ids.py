"""Numeric ids, which clients of crates.io's API expect for versions."""

from uuid import UUID

# The largest integers that JavaScript represents exactly.
SAFE_BITS = 53


def version_id(unit: UUID) -> int:
    """Return the id of a version, from the id of its content unit.

    The last bits are used, since the first ones of Pulp's ids are the time: units of one batch share
    them.

    >>> version_id(UUID("0190a4c4-3a00-7b2e-8f33-0123456789ab"))
    5349275557398955
    """
    return unit.int & (1 << SAFE_BITS) - 1
