"""A cache whose entries expire, and the digests that replace credentials as its keys."""

import hashlib
import time
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

from cachetools import TLRUCache

from pulp_cargo.protocol.auth import CREDENTIAL

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """A bounded number of entries, each with its own time to live.

    With `size_of` the bound is one of the sum of their sizes; each entry has to be smaller.
    """

    def __init__(self, most: int, size_of: Callable[[V], int] | None = None) -> None:
        self._entries: TLRUCache[K, tuple[V, float]] = TLRUCache(
            most,
            ttu=lambda _key, entry, now: now + entry[1],
            timer=time.monotonic,
            getsizeof=None if size_of is None else lambda entry: size_of(entry[0]),
        )

    def get(self, key: K) -> V | None:
        """Return an entry, None if there is none or it has expired."""
        try:
            # In contrast to `get`, this looks the entry up and asks for the time only once.
            return self._entries[key][0]
        except KeyError:
            return None

    def put(self, key: K, value: V, seconds: float) -> None:
        """Add an entry; if the cache is full, the least recently used one is evicted."""
        self._entries[key] = value, seconds

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()


def digest(header: str) -> bytes:
    """Return a digest of a credential, so that no secret stays in memory."""
    return hashlib.sha256(header.encode("utf-8", "surrogateescape")).digest()


def digest_of(headers: Mapping[str, str], names: frozenset[str]) -> bytes:
    """Return a digest of the headers that a guard reads, and of the credential, which we read."""
    return digest(repr([headers.get(name) for name in _in_order(names)]))


@lru_cache(maxsize=256)
def _in_order(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names | {CREDENTIAL}))
