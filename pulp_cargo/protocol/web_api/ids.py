"""Numbers for what has a UUID here and a number on crates.io."""

from uuid import UUID

# The largest integers that JavaScript represents exactly.
SAFE_BITS = 53


def numeric_id(pk: UUID) -> int:
    """Return the last 53 bits of a UUID as a number: the first ones of Pulp's ids are the time.

    >>> numeric_id(UUID("0190a4c4-3a00-7b2e-8f33-0123456789ab"))
    5349275557398955
    """
    return pk.int & (1 << SAFE_BITS) - 1
