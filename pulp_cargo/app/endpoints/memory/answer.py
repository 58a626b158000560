"""A response as it is cached in memory."""

from dataclasses import dataclass
from uuid import UUID

from multidict import istr

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.statistics.download_counts import Download

# Approximate memory of a response in addition to its bytes.
OVERHEAD = 1000
# Stands for a crate in the keys of responses that depend on versions of the past; no crate has the name.
PAST = "@"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response to a GET of one request target.

    `gzipped` is None if compression gains nothing. `operation` is that of its route. `private` is the
    registry whose readers alone may have it, None for a public one. The response is valid until the
    crate changes in one of the `repositories`, or until `expires` by the monotonic clock. One of the
    `past` is valid until versions of a repository are deleted, and if `crate` is None only until then.
    `download` is counted whenever it is sent.
    """

    repositories: frozenset[UUID | None]
    crate: str | None
    private: Registry | None
    body: bytes
    gzipped: bytes | None
    etag: str
    headers: tuple[tuple[istr, str], ...]
    operation: str
    expires: float | None = None
    download: Download | None = None
    past: bool = False

    @property
    def keys(self) -> list[tuple[UUID | None, str | None]]:
        """What makes the response outdated: changes of a crate, or of the past, in a repository."""
        crates = [self.crate, PAST] if self.past else [self.crate]
        return [(repository, crate) for repository in self.repositories for crate in crates]

    @property
    def size(self) -> int:
        """Approximate size in bytes."""
        return len(self.body) + len(self.gzipped or b"") + OVERHEAD
