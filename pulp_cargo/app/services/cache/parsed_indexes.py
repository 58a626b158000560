"""A memory cache of parsed upstream index files, so that downloads need not parse a file again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from cachetools import LRUCache

from pulp_cargo.app.queries.upstreams.index_copy import IndexFileCopy
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads
from pulp_cargo.protocol.upstream_index import UpstreamIndex, UpstreamVersion, parse_index_file

Key = tuple[tuple[UUID, str], str]

# Maximum size of all cached files in bytes: the 430 of a large project take 32 MB. A single file is
# always smaller.
MOST_BYTES = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ParsedIndex:
    """The versions of a file, with the digest and the size in bytes of that file."""

    digest: str
    index: UpstreamIndex
    size: int


class ParsedIndexes:
    """The parsed files of a process by remote and name, evicting the least recently used first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._parsed: LRUCache[Key, ParsedIndex] = LRUCache(
            most_bytes, getsizeof=lambda parsed: parsed.size
        )

    async def index_of(self, remote: UpstreamRemote, copy: IndexFileCopy) -> UpstreamIndex:
        """Return the versions in a file, without its body."""
        parsed = self._parsed.get((remote.identity, copy.name))
        if parsed is not None and parsed.digest == copy.digest:
            return parsed.index
        index = await threads.work(_parse, copy)
        self.remember(remote, copy.name, copy.digest, index)
        return index

    def known(self, remote: UpstreamRemote, name: str) -> Mapping[str, UpstreamVersion]:
        """Return the versions that are in memory, which may be outdated."""
        parsed = self._parsed.get((remote.identity, name))
        return {} if parsed is None else parsed.index.versions

    def remember(
        self, remote: UpstreamRemote, name: str, digest: str, index: UpstreamIndex
    ) -> None:
        """Cache the versions of a file that was parsed."""
        parsed = ParsedIndex(digest, replace(index, body=b""), len(index.body))
        self._parsed[remote.identity, name] = parsed

    def forget_others(self, remote: UpstreamRemote, copy: IndexFileCopy) -> None:
        """Drop the cached versions of a file whose bytes have changed."""
        parsed = self._parsed.get((remote.identity, copy.name))
        if parsed is not None and parsed.digest != copy.digest:
            del self._parsed[remote.identity, copy.name]

    def forget(self, remote: UUID, name: str) -> None:
        """Drop the cached versions of a remote's file, by its lower-case name."""
        for key in [key for key in self._parsed if key[0][0] == remote and key[1] == name]:
            del self._parsed[key]


def _parse(copy: IndexFileCopy) -> UpstreamIndex:
    return parse_index_file(copy.body(), copy.name)
