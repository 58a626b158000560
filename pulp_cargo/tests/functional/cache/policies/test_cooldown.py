"""Cooldown: versions that are too young are neither in the index nor downloaded."""

from datetime import timedelta

import pytest

from pulp_cargo.tests.functional.cache.policies.conftest import (
    Ruled,
    ago,
    have,
    lines,
    moment,
    refusal,
    versions,
)
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, at

FIRST_SEEN = "UPDATE cargo_upstreamindexfile SET first_seen = %s WHERE name = %s"


@pytest.fixture
def pair(upstream: SparseUpstream, name: str) -> tuple[Crate, Crate]:
    """Versions of a crate that are ten days old, and one day."""
    old, young = Crate(name), Crate(name, "1.1.0")
    have(upstream, (old, ago(days=10)), (young, ago(days=1)))
    return old, young


def test_young_version_is_held_back(
    upstream: SparseUpstream,
    cache: Cache,
    ruled: Ruled,
    pair: tuple[Crate, Crate],
    name: str,
) -> None:
    """The sentence says by which rule of whom, until when; the file is not even fetched."""
    policy = ruled(cooldown_days=7)
    for _ in range(2):
        assert versions(cache.registry, name) == ["1.0.0"]
        assert cache.registry.download(name).body == pair[0].packed()
        told = refusal(cache.registry, name, "1.1.0")
    until = moment(timedelta(days=6)).replace("T", " ")[:13]
    assert told.startswith(f"`{name} 1.1.0` is refused until {until}")
    assert "by the cooldown" in told and "7 days old" in told
    assert told.endswith(f"(crate policy `{policy['name']}`)")
    assert not any("1.1.0" in path for path in upstream.paths(name))


def test_order_and_bytes_of_the_other_lines(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, pair: tuple[Crate, Crate], name: str
) -> None:
    """They are the upstream's; and of a crate without a young version, the file is."""
    ruled(cooldown_days=7)
    whole = upstream.pages[at(name)].body
    assert cache.registry.index_file(name).body == whole.splitlines(keepends=True)[0]
    have(upstream, (Crate(f"{name}-old"), ago(days=10)))
    answer = cache.registry.index_file(f"{name}-old")
    assert answer.body == upstream.pages[at(f"{name}-old")].body


def test_crate_without_an_old_version(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str
) -> None:
    """Cargo is told that there is no such crate; who asks for the file learns why."""
    have(upstream, (Crate(name), ago(days=1)), (Crate(name, "1.1.0"), ago(hours=1)))
    ruled(cooldown_days=2)
    answer = cache.registry.index_file(name)
    assert (answer.status, answer.detail) == (404, f"this registry has no crate `{name}`")
    assert "cooldown" in refusal(cache.registry, name)


def test_cooldown_ends_by_itself(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str
) -> None:
    """Though the answer was in memory, nothing was changed, and the upstream was not asked again."""
    have(upstream, (Crate(name), ago(days=10)), (Crate(name, "1.1.0"), ago(days=1, seconds=-8)))
    ruled(cooldown_days=1)
    assert versions(cache.registry, name) == ["1.0.0"]
    assert "cooldown" in refusal(cache.registry, name, "1.1.0")
    assert wait_for(lambda: versions(cache.registry, name) == ["1.0.0", "1.1.0"])
    assert cache.registry.download(name, "1.1.0").body == Crate(name, "1.1.0").packed()
    assert upstream.paths(name).count(at(name)) == 1


def test_version_without_a_time_counts_from_when_it_was_first_seen(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str
) -> None:
    """Here, not by whoever asks first after the policy was made."""
    have(upstream, (Crate(name), {"pubtime": None}), (Crate(name, "1.1.0"), {"pubtime": None}))
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0"]
    ruled(cooldown_days=3)
    assert cache.registry.index_file(name).status == 404
    assert "by the cooldown" in refusal(cache.registry, name)
    assert cache.knows(name)
    with cache.stack.connect() as connection:
        seen = {"1.0.0": ago(days=4)["pubtime"], "1.1.0": ago(days=2)["pubtime"]}
        connection.execute(FIRST_SEEN, [str(seen).replace("'", '"'), name])
    ruled(cooldown_days=3)
    assert versions(cache.registry, name) == ["1.0.0"]
    assert cache.registry.download(name).status == 200
    assert "by the cooldown" in refusal(cache.registry, name, "1.1.0")


def test_version_that_was_served_before_stays(
    cache: Cache, ruled: Ruled, pair: tuple[Crate, Crate], name: str
) -> None:
    """A lock file may name it, and cargo builds from that only what the index has."""
    assert cache.registry.download(name, "1.1.0").status == 200
    assert cache.keeps(f"{name} 1.1.0")
    ruled(cooldown_days=30)
    assert versions(cache.registry, name) == ["1.1.0"]
    assert cache.registry.download(name, "1.1.0").body == pair[1].packed()
    assert "cooldown" in refusal(cache.registry, name, "1.0.0")
    ruled(cooldown_days=30, block=lines(name))
    assert cache.registry.index_file(name).status == 404
    assert "block list" in refusal(cache.registry, name, "1.1.0")


def test_whole_crates_come_without_what_is_held_back(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str
) -> None:
    """A version that nobody was served must not count as one that was."""
    ages = {"1.0.0": 10, "1.1.0": 1, "1.2.0": 9}
    have(upstream, *((Crate(name, vers), ago(days=days)) for vers, days in ages.items()))
    ruled(cooldown_days=7)
    cache.change(policy="immediate")
    try:
        assert cache.registry.download(name).status == 200
        assert cache.keeps(f"{name} 1.0.0", f"{name} 1.2.0")
    finally:
        cache.change(policy="on_demand")
    assert "cooldown" in refusal(cache.registry, name, "1.1.0")
    assert versions(cache.registry, name) == ["1.0.0", "1.2.0"]


def test_exception_lifts_the_cooldown_until_it_ends(
    cache: Cache, ruled: Ruled, pair: tuple[Crate, Crate], name: str
) -> None:
    """For the versions that it names; then the rules hold again, by themselves."""
    soon = moment(timedelta(seconds=8))
    ruled(cooldown_days=30, exceptions=lines(name, versions=">=1.1", reason="a fix", ends=soon))
    assert versions(cache.registry, name) == ["1.1.0"]
    assert "cooldown" in refusal(cache.registry, name, "1.0.0")
    assert wait_for(lambda: cache.registry.index_file(name).status == 404)
    assert "cooldown" in refusal(cache.registry, name, "1.1.0")


def test_new_version_of_the_upstream_is_held_back_from_the_start(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, name: str
) -> None:
    """A download of it does not find it before the index has it, either."""
    have(upstream, (Crate(name), ago(days=10)))
    ruled(cooldown_days=7)
    cache.change(index_max_age=0)
    try:
        assert versions(cache.registry, name) == ["1.0.0"]
        have(upstream, (Crate(name), ago(days=10)), (Crate(name, "1.1.0"), ago(minutes=1)))
        assert "cooldown" in refusal(cache.registry, name, "1.1.0")
        assert versions(cache.registry, name) == ["1.0.0"]
    finally:
        cache.change(index_max_age=3600)
