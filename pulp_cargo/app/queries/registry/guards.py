"""What the decision of a content guard depends on, which determines whether it can be cached.

Pulp's own guards decide by headers of the request and rows of the database. Any other guard may
depend on more (the signed URL, the address of the client), so its decisions are not cached.
"""

import re
from collections.abc import Callable

from pulpcore.plugin.models import ContentGuard

from pulp_cargo.app.models.core import (
    CompositeContentGuard,
    EnvVarHeaderContentGuard,
    HeaderContentGuard,
    RBACContentGuard,
)
from pulp_cargo.protocol.auth import CREDENTIAL

# The valid names of headers (RFC 9110, 5.6.2). The guard's field accepts any text.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def headers_read_by(guard: ContentGuard) -> frozenset[str] | None:
    """Return the headers, in lower case, by which a guard decides; None if it may use more."""
    known = guard.cast()
    # Exactly these classes: a subclass may decide differently.
    if type(known) is CompositeContentGuard:
        return _of_all([_headers_of_one(member.cast()) for member in known.guards.all()])
    return _headers_of_one(known)


def _headers_of_one(guard: ContentGuard) -> frozenset[str] | None:
    of_this_kind = _KNOWN.get(type(guard))
    return None if of_this_kind is None else of_this_kind(guard)


def _named_header(guard: HeaderContentGuard | EnvVarHeaderContentGuard) -> frozenset[str] | None:
    name = guard.header_name
    return frozenset([name.lower()]) if _TOKEN.fullmatch(name) else None


def _of_all(parts: list[frozenset[str] | None]) -> frozenset[str] | None:
    known = [part for part in parts if part is not None]
    return frozenset().union(*known) if len(known) == len(parts) else None


_KNOWN: dict[type, Callable[..., frozenset[str] | None]] = {
    RBACContentGuard: lambda guard: frozenset([CREDENTIAL]),
    HeaderContentGuard: _named_header,
    EnvVarHeaderContentGuard: _named_header,
}
