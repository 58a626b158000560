"""Web pages that are sent again as they were rendered, while their registry serves the same."""

from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime.ttl_cache import TtlCache

# Memory for pages, in characters.
CHARACTERS = 8 * 1024 * 1024
# What a page has of other things gets outdated by so much, in seconds: counts of downloads, the age
# of versions, and which of them are refused for their age.
MAX_AGE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class _Page:
    registry: Registry
    text: str

    def __len__(self) -> int:
        return len(self.text)


class PageCache:
    """Rendered pages by registry and path, used on the event loop only."""

    def __init__(self) -> None:
        self._pages: TtlCache[tuple[UUID, str], _Page] = TtlCache(CHARACTERS, size_of=len)

    def get(self, registry: Registry, path: str) -> str | None:
        """Return a page, None if it was not rendered for what the registry serves now."""
        page = self._pages.get((registry.pk, path))
        return page.text if page is not None and page.registry == registry else None

    def put(self, registry: Registry, path: str, text: str) -> None:
        """Keep a page that was rendered for this state of the registry."""
        if len(text) < CHARACTERS:
            self._pages.put((registry.pk, path), _Page(registry, text), MAX_AGE_SECONDS)
