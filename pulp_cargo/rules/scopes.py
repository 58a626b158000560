"""What a token may do: the scopes of crates.io, one for reading, and one for Pulp's REST API."""

from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """A kind of request that a token can allow."""

    READ = "read"
    PUBLISH_NEW = "publish-new"
    PUBLISH_UPDATE = "publish-update"
    YANK = "yank"
    CHANGE_OWNERS = "change-owners"
    # Requests to Pulp's REST API instead of to a registry.
    API = "api"


REGISTRY_SCOPES = tuple(scope for scope in Scope if scope is not Scope.API)


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Return whether a token has expired; without a date it never does."""
    return expires_at is not None and expires_at <= now
