"""A response as it is cached in memory."""

from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.statistics.download_counts import Download

# Approximate memory of a response in addition to its bytes.
OVERHEAD = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response to a GET of one request target.

    `gzipped` is None if compression gains nothing. `operation` is that of its route. `private` is the
    registry whose readers alone may have it, None for a public one. The response is valid until the
    crate changes in one of the `repositories`, or until `expires` by the monotonic clock. `download`
    is counted whenever it is sent.
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
        """Approximate size in bytes."""
        return len(self.body) + len(self.gzipped or b"") + OVERHEAD
