"""Changes of crate policies show at once, and policies of a list are in force beside a remote's."""

from typing import Any

import pytest

from pulp_cargo.tests.functional.cache.policies.conftest import (
    Policy,
    Ruled,
    ago,
    have,
    lines,
    refusal,
    versions,
)
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture
def three(upstream: SparseUpstream, name: str) -> list[Crate]:
    """Versions of a crate, the last one young."""
    crates = [Crate(name, vers) for vers in ("1.0.0", "1.1.0", "2.0.0")]
    ages = (ago(days=20), ago(days=10), ago(hours=1))
    have(upstream, *zip(crates, ages, strict=True))
    return crates


@pytest.fixture(scope="session")
def private(stack: Stack) -> Registry:
    """A registry of our own crates."""
    return stack.make_registry()


@pytest.fixture(scope="session")
def listed(stack: Stack, lasting_cache: Cache, private: Registry) -> Registry:
    """A list of it and the cache's remote, with the same store."""
    repository = lasting_cache.registry.repository
    entries = [
        {"name": "ours", "repository": private.repository},
        {"name": "up", "remote": lasting_cache.remote, "repository": repository},
    ]
    return stack.make_registry(of=private, upstreams=entries)


def test_change_of_a_policy_shows_at_once(
    cache: Cache, ruled: Ruled, three: list[Crate], name: str
) -> None:
    """Index files were in memory, before and after."""
    policy = ruled()
    changes: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["1.0.0", "1.1.0", "2.0.0"]),
        ({"cooldown_days": 5}, ["1.0.0", "1.1.0"]),
        ({"cooldown_days": 15}, ["1.0.0"]),
        ({"block": lines(name, versions="1.0.0")}, []),
        ({"dry_run": True}, ["1.0.0", "1.1.0", "2.0.0"]),
        ({"dry_run": False, "block": [], "cooldown_days": 0}, ["1.0.0", "1.1.0", "2.0.0"]),
    ]
    for change, expected in changes:
        cache.rest.patch(policy["pulp_href"], **change)
        for _ in range(2):
            assert versions(cache.registry, name) == expected


def test_giving_and_taking_a_policy_shows_at_once(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, three: list[Crate], name: str
) -> None:
    """For index and downloads; and what was refused is fetched then."""
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0", "2.0.0"]
    ruled(cooldown_days=5)
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0"]
    assert "cooldown" in refusal(cache.registry, name, "2.0.0")
    cache.change(crate_policy=None)
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0", "2.0.0"]
    assert cache.registry.download(name, "2.0.0").body == three[2].packed()


def test_tag_changes_with_what_is_served(
    cache: Cache, ruled: Ruled, three: list[Crate], name: str
) -> None:
    """Or cargo would keep what it has."""
    before = cache.registry.index_file(name).headers["etag"]
    ruled(cooldown_days=5)
    answer = cache.registry.index_file(name, If_None_Match=before)
    assert (answer.status, len(answer.body.splitlines())) == (200, 2)
    again = cache.registry.index_file(name, If_None_Match=answer.headers["etag"])
    assert again.status == 304


def test_policies_of_a_list_and_of_its_remote(
    cache: Cache, ruled: Ruled, policy: Policy, listed: Registry, three: list[Crate], name: str
) -> None:
    """A version must pass both, and the answer names the one that it does not; each is changed alone."""
    of_remote = ruled(cooldown_days=5)
    of_list = policy(block=lines(name, versions="=1.0.0"))
    cache.rest.patch(listed.href, crate_policy=of_list["pulp_href"])
    assert versions(listed, name) == ["1.1.0"]
    assert of_list["name"] in refusal(listed, name, "1.0.0")
    assert of_remote["name"] in refusal(listed, name, "2.0.0")
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0"]
    assert cache.registry.download(name, "1.0.0").status == 200
    cache.change(crate_policy=None)
    assert versions(listed, name) == ["1.1.0", "2.0.0"]
    cache.rest.patch(listed.href, crate_policy=None)
    assert versions(listed, name) == ["1.0.0", "1.1.0", "2.0.0"]


def test_policy_of_a_cache_beside_that_of_its_remote(
    cache: Cache, ruled: Ruled, policy: Policy, three: list[Crate], name: str
) -> None:
    """The registry of a single remote can have one, too."""
    ruled(cooldown_days=5)
    own = policy(block=lines(name, versions="=1.0.0"))
    cache.rest.patch(cache.registry.href, crate_policy=own["pulp_href"])
    try:
        assert versions(cache.registry, name) == ["1.1.0"]
        assert own["name"] in refusal(cache.registry, name, "1.0.0")
    finally:
        cache.rest.patch(cache.registry.href, crate_policy=None)


def test_our_own_crates_are_none_of_its_business(
    cache: Cache, policy: Policy, private: Registry, listed: Registry, name: str
) -> None:
    """A policy is for what comes in: a crate of ours is served from its first second on."""
    strict = policy(cooldown_days=30, block=lines("*"), allow=[], licenses=["MIT"])
    cache.rest.patch(listed.href, crate_policy=strict["pulp_href"])
    private.publish(Crate(name))
    assert versions(listed, name) == ["1.0.0"]
    assert listed.download(name).body == Crate(name).packed()
    cache.rest.patch(listed.href, crate_policy=None)


def test_what_is_stored_is_evaluated_while_the_upstream_is_gone(
    upstream: SparseUpstream, cache: Cache, ruled: Ruled, three: list[Crate], name: str
) -> None:
    """By the same rules: a block holds without the upstream's word."""
    for crate in three[:2]:
        assert cache.registry.download(name, crate.vers).status == 200
    assert cache.keeps(f"{name} 1.0.0", f"{name} 1.1.0")
    assert cache.knows(name)
    with upstream.switched_off():
        ruled(block=lines(name, versions="=1.1.0"), cooldown_days=30)
        assert versions(cache.registry, name) == ["1.0.0"]
        assert cache.registry.download(name).body == three[0].packed()
        assert "block list" in refusal(cache.registry, name, "1.1.0")
        assert "cooldown" in refusal(cache.registry, name, "2.0.0")
