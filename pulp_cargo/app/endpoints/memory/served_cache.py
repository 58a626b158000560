"""Bodies of responses that are sent again as they were made, while their registry serves the same."""

from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.runtime.ttl_cache import TtlCache

B = TypeVar("B", str, bytes)

# Approximate memory of a body in addition to its characters or bytes, and those of its target.
OVERHEAD = 500


@dataclass(frozen=True, slots=True)
class _Entry(Generic[B]):
    registry: Registry
    body: B
    size: int


class ServedCache(Generic[B]):
    """Bodies by registry and what was requested of it, used on the event loop only.

    Their sizes are limited to `most` characters or bytes in all. The caller must check first whether
    a visitor may read the registry.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: TtlCache[tuple[UUID, str], _Entry[B]] = TtlCache(most, lambda one: one.size)

    def get(self, registry: Registry, target: str) -> B | None:
        """Return a body, None if it was not made from what the registry serves now."""
        entry = self._entries.get((registry.pk, target))
        return entry.body if entry is not None and entry.registry == registry else None

    def put(self, registry: Registry, target: str, body: B) -> None:
        """Cache a body that was made from this state of the registry, if it is not too large."""
        size = len(body) + len(target) + OVERHEAD
        if size < self._most:
            entry = _Entry(registry, body, size)
            self._entries.put((registry.pk, target), entry, timeouts.SERVED_CACHE_MAX_AGE_SECONDS)
