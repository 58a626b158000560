"""A cache whose entries expire, and the digests that stand for credentials in it."""

import hashlib
import time
from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

from cachetools import TLRUCache

from pulp_cargo.protocol.auth import CREDENTIAL

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """A bounded number of entries, each of which is good for as many seconds as it was given."""

    def __init__(self, most: int) -> None:
        self._entries: TLRUCache[K, tuple[V, float]] = TLRUCache(
            most, ttu=lambda _key, entry, now: now + entry[1], timer=time.monotonic
        )

    def get(self, key: K) -> V | None:
        """Return what is remembered, None if nothing is, or not any more."""
        entry = self._entries.get(key)
        return None if entry is None else entry[0]

    def keep(self, key: K, value: V, seconds: float) -> None:
        """Remember a value; without room, what was not asked for longest is forgotten."""
        self._entries[key] = value, seconds

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()


def digest(header: str) -> bytes:
    """Return what stands for a credential in memory, so that no secret does."""
    return hashlib.sha256(header.encode("utf-8", "surrogateescape")).digest()


def digest_of(headers: Mapping[str, str], names: frozenset[str]) -> bytes:
    """Return what stands for all that a guard looks at, and for the credential, which we look at."""
    return digest(repr([headers.get(name) for name in _in_order(names)]))


@lru_cache(maxsize=256)
def _in_order(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names | {CREDENTIAL}))
