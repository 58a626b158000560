"""What a token may do, and to which crates (the scopes of crates.io, and one for reading)."""

from datetime import datetime
from enum import StrEnum

from pulp_cargo.protocol.errors import InvalidName
from pulp_cargo.protocol.names import CRATE_NAME, canonical_name


class Scope(StrEnum):
    """One kind of request that a token can be good for."""

    READ = "read"
    PUBLISH_NEW = "publish-new"
    PUBLISH_UPDATE = "publish-update"
    YANK = "yank"
    CHANGE_OWNERS = "change-owners"


def parse_pattern(text: str) -> str:
    """Return a crate pattern: a name, the start of names followed by `*`, or `*` alone.

    >>> parse_pattern("acme-*")
    'acme-*'
    """
    if text == "*" or CRATE_NAME.fullmatch(text.removesuffix("*")):
        return text
    raise InvalidName(
        f"the crate pattern {text!r} is neither a crate name, "
        "nor the start of one followed by a single `*`, nor `*`"
    )


def pattern_matches(pattern: str, name: str) -> bool:
    """Return whether a token with the pattern is good for the crate.

    Spellings are compared canonically, because the names of a registry are unique so: a token for
    `acme-*` would otherwise not be good for `acme_core`, which nobody else can hold either.

    >>> pattern_matches("acme-*", "Acme_core"), pattern_matches("acme", "acme-core")
    (True, False)
    """
    if pattern.endswith("*"):
        return canonical_name(name).startswith(canonical_name(pattern.removesuffix("*")))
    return canonical_name(name) == canonical_name(pattern)


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Return whether a token has run out; without a date it never does."""
    return expires_at is not None and expires_at <= now
