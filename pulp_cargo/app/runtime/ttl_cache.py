"""A memory for seconds, of a bounded number of things, and what stands for credentials in it."""

import hashlib
import time
from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

from pulp_cargo.protocol.auth import CREDENTIAL

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """What was found out lately, each for as many seconds as its keeper says."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[K, tuple[V, float]] = {}

    def get(self, key: K) -> V | None:
        """Return what is remembered, None if nothing is, or not any more."""
        kept = self._kept.get(key)
        return kept[0] if kept is not None and kept[1] > time.monotonic() else None

    def keep(self, key: K, value: V, seconds: float) -> None:
        """Remember; when there is too much, everything else is forgotten."""
        if len(self._kept) >= self._most:
            self._kept.clear()
        self._kept[key] = (value, time.monotonic() + seconds)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


def digest(header: str) -> bytes:
    """Return what stands for a credential in memory, so that no secret does."""
    return hashlib.sha256(header.encode("utf-8", "surrogateescape")).digest()


def digest_of(headers: Mapping[str, str], names: frozenset[str]) -> bytes:
    """Return what stands for all that a guard looks at, and for the credential, which we look at."""
    return digest(repr([headers.get(name) for name in _in_order(names)]))


@lru_cache(maxsize=256)
def _in_order(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names | {CREDENTIAL}))
