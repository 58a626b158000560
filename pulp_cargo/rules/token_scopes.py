"""What a token may do: the scopes of crates.io, one for reading, and one for Pulp's REST API.

Every request to a registry is checked by `Grant.allows`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pulp_cargo.rules.owners import Actor
from pulp_cargo.rules.patterns import pattern_matches


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


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody may do in one registry: the token's scopes, limited to the user's rights.

    `asked` are the token's scopes alone. An empty `patterns` stands for every crate; `token` is
    None when a password was used. `actor` is None where crates have no owners.
    """

    user: int
    username: str
    scopes: frozenset[Scope]
    asked: frozenset[Scope]
    patterns: tuple[str, ...]
    expires_at: datetime | None
    token: UUID | None
    actor: Actor | None = None

    def allows(self, scope: Scope, crate: str | None = None, *, now: datetime) -> bool:
        """Whether this includes the scope, and the crate if one is named."""
        if scope not in self.scopes or is_expired(self.expires_at, now):
            return False
        if crate is None or not self.patterns:
            return True
        return any(pattern_matches(pattern, crate) for pattern in self.patterns)


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Return whether a token has expired; without a date it never does."""
    return expires_at is not None and expires_at <= now
