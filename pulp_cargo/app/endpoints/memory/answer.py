"""An answer as a content process remembers it."""

from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.statistics.download_counts import Download

# What an answer costs beside its bytes, roughly.
OVERHEAD = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer to a GET, kept for one request target; `gzipped` is None where it is no gain.

    `operation` is that of its route. `private` is the registry whose readers alone may have it, None for a public one. `expires` is
    when it may be untrue without a notice, by the monotonic clock. It holds for as long as the crate
    does not change in any of the `repositories`. `download` is what is counted when it is sent.
    """

    repositories: frozenset[UUID | None]
    crate: str | None
    private: Registry | None
    body: bytes
    gzipped: bytes | None
    etag: str
    headers: tuple[tuple[str, str], ...]
    operation: str
    expires: float | None = None
    download: Download | None = None

    @property
    def size(self) -> int:
        """Bytes of memory, roughly."""
        return len(self.body) + len(self.gzipped or b"") + OVERHEAD
