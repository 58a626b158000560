"""Numbers for what has a UUID here and a number on crates.io."""

from uuid import UUID

# Whatever reads JSON in JavaScript has whole numbers of so many bits.
SAFE_BITS = 53


def numeric_id(pk: UUID) -> int:
    """Return the first 53 bits of a UUID as a number.

    >>> numeric_id(UUID("00000000-0000-8000-0000-000000000000"))
    16
    """
    return pk.int >> (128 - SAFE_BITS)
