"""What a token may do, and to which crates (the scopes of crates.io, and one for reading)."""

from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """A kind of request that a token can allow."""

    READ = "read"
    PUBLISH_NEW = "publish-new"
    PUBLISH_UPDATE = "publish-update"
    YANK = "yank"
    CHANGE_OWNERS = "change-owners"


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Return whether a token has expired; without a date it never does."""
    return expires_at is not None and expires_at <= now
