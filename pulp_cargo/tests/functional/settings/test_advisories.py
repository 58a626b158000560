"""What fixes an advisory passes a cooldown early; nothing else does."""

import pytest

from pulp_cargo.tests.functional.cache.policies.conftest import (
    Ruled,
    ago,
    have,
    lines,
    refusal,
    versions,
)
from pulp_cargo.tests.functional.lock_files.conftest import Gate
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.lock_file import lock_file, locked
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream

FIX = "1.0.1"


def have_releases(upstream: SparseUpstream, name: str, **days: float) -> None:
    """Have three releases, all of today but for those of which it is said: `v1_0_0=10`."""
    ages = {"1.0.0": 10.0, FIX: 0.1, "1.0.2": 0.05}
    ages |= {key[1:].replace("_", "."): age for key, age in days.items()}
    have(upstream, *((Crate(name, vers), ago(days=age)) for vers, age in ages.items()))


@pytest.mark.parametrize("crate", ["in-rustsec", "in-osv"])
def test_fix_comes_in_early(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, crate: str
) -> None:
    """It is in the index, and is downloaded; the release after it waits as usual."""
    have_releases(upstream, crate)
    ruled(cooldown_days=7)
    for _ in range(2):
        assert versions(cache.registry, crate) == ["1.0.0", FIX]
        assert cache.registry.download(crate, FIX).body == Crate(crate, FIX).packed()
        assert "by the cooldown" in refusal(cache.registry, crate, "1.0.2")
    assert cache.keeps(f"{crate} {FIX}")


@pytest.mark.parametrize("crate", ["in-neither", "withdrawn", "broken"])
def test_young_release_of_another_crate_waits(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, crate: str
) -> None:
    """Of one without an advisory, or with one that does not count or cannot be read."""
    have_releases(upstream, crate)
    ruled(cooldown_days=7)
    assert versions(cache.registry, crate) == ["1.0.0"]
    for vers in (FIX, "1.0.2"):
        assert "by the cooldown" in refusal(cache.registry, crate, vers)


def test_release_after_a_fix_that_has_come_in_waits(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled
) -> None:
    """It is patched as well, and there was nothing left to fix."""
    have_releases(upstream, "in-rustsec", v1_0_1=9)
    ruled(cooldown_days=7)
    assert versions(cache.registry, "in-rustsec") == ["1.0.0", FIX]
    assert "by the cooldown" in refusal(cache.registry, "in-rustsec", "1.0.2")


def test_first_release_fixes_nothing(upstream: SparseUpstream, cache: Cache, ruled: Ruled) -> None:
    """Nobody was served what is affected, so nobody waits for a fix."""
    have(upstream, (Crate("in-rustsec", FIX), ago(hours=1)))
    ruled(cooldown_days=7)
    assert versions(cache.registry, "in-rustsec") == []
    assert "by the cooldown" in refusal(cache.registry, "in-rustsec", FIX)


def test_fix_that_is_blocked_stays_out(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled
) -> None:
    """An advisory lifts the cooldown alone; then the next release is the one that fixes it."""
    have_releases(upstream, "in-rustsec")
    ruled(cooldown_days=7, block=lines("in-rustsec", versions=f"={FIX}"))
    assert versions(cache.registry, "in-rustsec") == ["1.0.0", "1.0.2"]
    assert "block list" in refusal(cache.registry, "in-rustsec", FIX)
    assert cache.registry.download("in-rustsec", "1.0.2").status == 200


def test_lock_file_with_what_is_affected_does_not_pass(
    upstream: SparseUpstream, cache: Cache
) -> None:
    """The REST API reads the database, too, and names the advisory."""
    affected, mended = Crate("in-rustsec"), Crate("in-rustsec", FIX)
    upstream.have(affected, mended)
    gate = Gate(cache.rest, cache.registry.href)
    row = gate.row(lock_file(locked(affected, upstream.index_url)))
    assert (row["verdict"], row["passes"]) == ("advisory", False)
    assert row["reason"].endswith("is affected by RUSTSEC-2031-0001")
    assert gate.row(lock_file(locked(mended, upstream.index_url)))["verdict"] == "served"
