"""The usage of registries, which a process looks up at most once a minute."""

from uuid import UUID

from pulp_cargo.app.queries import downloads
from pulp_cargo.app.queries.downloads import Usage
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.ttl_cache import TtlCache

MOST_REGISTRIES = 500


class UsageMemory:
    """The remembered usage of the registries of one process, used on its event loop."""

    def __init__(self) -> None:
        self._known: TtlCache[UUID, Usage] = TtlCache(MOST_REGISTRIES)

    async def of(self, registry: UUID) -> Usage:
        """Return the usage of a registry, perhaps as it was a minute ago."""
        usage = self._known.get(registry)
        if usage is None:
            usage = await threads.read(downloads.usage_of, registry)
            self._known.put(registry, usage, timeouts.USAGE_MEMORY_SECONDS)
        return usage
