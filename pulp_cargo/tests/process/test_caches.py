"""What a process remembers for a while: bounded, and what was not used for longest goes first."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

REMOTE: Any = SimpleNamespace(identity=("pk", "url"))


def test_invented_names_do_not_make_forget_what_is_asked_for() -> None:
    """Else anybody could have an upstream asked again for every crate that it does not have."""
    from pulp_cargo.app.runtime.ttl_cache import TtlCache

    cache: TtlCache[str, bool] = TtlCache(100)
    cache.put("leaf", True, 60)
    for number in range(1_000):
        cache.put(f"invented-{number}", True, 60)
        assert cache.get("leaf") is True
    assert cache.get("invented-0") is None


def test_entry_is_good_for_its_own_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """And replaced with its time."""
    from pulp_cargo.app.runtime import ttl_cache

    now = 0.0
    monkeypatch.setattr(ttl_cache.time, "monotonic", lambda: now)
    cache: ttl_cache.TtlCache[str, int] = ttl_cache.TtlCache(100)
    for key, seconds in (("short", 5), ("long", 10), ("none", 0)):
        cache.put(key, 1, seconds)
    now = 6.0
    assert [cache.get(key) for key in ("short", "long", "none")] == [None, 1, None]
    cache.put("long", 2, 10)
    now = 15.0
    assert cache.get("long") == 2
    cache.clear()
    assert cache.get("long") is None


def test_sizes_of_entries_are_bounded() -> None:
    """Where a size is given, it is what counts."""
    from pulp_cargo.app.runtime.ttl_cache import TtlCache

    cache: TtlCache[str, str] = TtlCache(100, len)
    for key in ("first", "second", "third"):
        cache.put(key, "x" * 40, 60)
    assert [cache.get(key) is None for key in ("first", "second", "third")] == [True, False, False]


def test_parsed_files_are_bounded_by_their_bytes() -> None:
    """The one that was not used for longest goes; a newer one takes the place of its own."""
    from pulp_cargo.app.services.cache.parsed_indexes import ParsedIndexes
    from pulp_cargo.protocol.upstream_index import UpstreamIndex

    parsed = ParsedIndexes(most_bytes=100)

    def remember(name: str, size: int) -> None:
        versions: Any = {name: size}
        parsed.remember(REMOTE, name, "digest", UpstreamIndex(b"x" * size, versions, True))

    remember("a", 40)
    remember("b", 40)
    assert parsed.known(REMOTE, "a") == {"a": 40}
    remember("c", 40)
    assert [bool(parsed.known(REMOTE, name)) for name in "abc"] == [True, False, True]
    remember("a", 60)
    assert [parsed.known(REMOTE, name) for name in "ac"] == [{"a": 60}, {"c": 40}]


def test_parsed_file_is_only_good_for_its_bytes() -> None:
    """One that changed is read again, and the old one is forgotten."""
    from pulp_cargo.app.services.cache.parsed_indexes import ParsedIndexes
    from pulp_cargo.protocol.upstream_index import UpstreamIndex

    parsed = ParsedIndexes()
    parsed.remember(REMOTE, "leaf", "old", UpstreamIndex(b"x", {}, True))

    def copy(digest: str) -> Any:
        return SimpleNamespace(name="leaf", digest=digest, body=lambda: b"")

    assert asyncio.run(parsed.index_of(REMOTE, copy("old"))).body == b""
    parsed.forget_others(REMOTE, copy("old"))
    assert len(parsed._parsed) == 1
    parsed.forget_others(REMOTE, copy("new"))
    assert len(parsed._parsed) == 0


def test_served_bodies_are_bounded_with_what_was_requested() -> None:
    """Searches for invented words cannot fill the memory, however little they find."""
    from pulp_cargo.app.endpoints.memory.served_cache import OVERHEAD, ServedCache

    registry: Any = SimpleNamespace(pk="pk")
    cache: ServedCache[bytes] = ServedCache(2 * (OVERHEAD + 20))
    for target in ("one", "two", "three"):
        cache.put(registry, target, b"found")
    cache.put(registry, "large", bytes(2 * OVERHEAD))
    found = [cache.get(registry, target) for target in ("one", "two", "three", "large")]
    assert found == [None, b"found", b"found", None]


def test_served_body_is_good_for_the_same_registry_only() -> None:
    """Not after a publish, and not for another registry with the same paths."""
    from pulp_cargo.app.endpoints.memory.served_cache import ServedCache

    registry: Any = SimpleNamespace(pk="pk", version=1)
    cache: ServedCache[str] = ServedCache(10_000)
    cache.put(registry, "q=a", "found")
    assert cache.get(registry, "q=a") == "found"
    for changed in ({"version": 2}, {"pk": "other"}):
        other: Any = SimpleNamespace(**{**vars(registry), **changed})
        assert cache.get(other, "q=a") is None
