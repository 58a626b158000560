"""A crate policy holds at every door by which stored crates could leave."""

import json
from typing import Any, Protocol

import pytest
import requests

from pulp_cargo.tests.functional.cache.policies.conftest import (
    Policy,
    lines,
    refusal,
    versions,
)
from pulp_cargo.tests.support.cache import REMOTES, Cache, make_cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.lock_file import lock_file, locked
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, Stack

PATHS = "SELECT relative_path FROM core_contentartifact WHERE relative_path LIKE %s"


class Door(Protocol):
    """Makes a registry that serves the store of a cache."""

    def __call__(self, stack: Stack, cache: Cache) -> Registry:
        """Return the registry."""


def registry_of(stack: Stack, cache: Cache, **fields: Any) -> Registry:
    """A registry that takes no uploads."""
    name = unique("r")
    made = stack.rest.need(DISTRIBUTIONS, name=name, base_path=name, **fields)
    repository = made["repository"] or ""
    return Registry(name, made["base_url"], cache.registry.token, made["pulp_href"], repository)


def of_store(stack: Stack, cache: Cache) -> Registry:
    """A registry of the store alone."""
    return registry_of(stack, cache, repository=cache.registry.repository)


def of_version(stack: Stack, cache: Cache) -> Registry:
    """One that is pinned to a version of the store."""
    return registry_of(stack, cache, repository_version=cache.latest)


def of_list(stack: Stack, cache: Cache) -> Registry:
    """A list with the store as a repository."""
    entries = [{"name": "store", "repository": cache.registry.repository, "private": False}]
    return registry_of(stack, cache, upstreams=entries)


@pytest.fixture
def own(stack: Stack, upstream: SparseUpstream, name: str) -> Cache:
    """A cache of its own that stores two versions of a crate."""
    own = make_cache(stack, upstream.index_url)
    upstream.have(
        Crate(name, package={"license": "MIT"}),
        Crate(name, "1.1.0", package={"license": "GPL-3.0-only"}),
    )
    for vers in ("1.0.0", "1.1.0"):
        assert own.registry.download(name, vers).status == 200
    assert own.keeps(f"{name} 1.0.0", f"{name} 1.1.0")
    return own


def listed(registry: Registry) -> list[str]:
    """Return the versions in the listing, whose head and end must fit."""
    answer = registry.get("versions.jsonl")
    assert answer.status == 200, answer
    head, *crates, end = [json.loads(line) for line in answer.body.splitlines()]
    assert head["count"] == end["end"] == len(crates)
    return sorted(one["vers"] for one in crates)


def content(stack: Stack, registry: Registry, name: str) -> list[int]:
    """Return the status of each of a crate's files below Pulp's own path."""
    base_path = stack.rest.get(registry.href)["base_path"]
    with stack.connect() as connection:
        paths = [path for (path,) in connection.execute(PATHS, [f"%{name}%"]).fetchall()]
    assert paths
    urls = [f"{stack.content_url}/pulp/content/{base_path}/{path}" for path in ("", *paths)]
    return [requests.get(url, timeout=60).status_code for url in urls]


RULES: list[dict[str, Any]] = [
    {"block": lines("*", versions="=1.1.0")},
    {"allow": lines("*", versions="<1.1")},
    {"licenses": ["MIT"]},
]


@pytest.mark.parametrize("owner", ["remote", "distribution"])
@pytest.mark.parametrize("door", [of_store, of_version, of_list])
def test_registry_of_a_store_has_the_policies_of_the_cache(
    stack: Stack, own: Cache, policy: Policy, name: str, door: Door, owner: str
) -> None:
    """Whatever rule it is, index, downloads, listing, content path and gate say the same."""
    registry = door(stack, own)
    is_list = door is of_list
    assert versions(registry, name) == ["1.0.0", "1.1.0"]
    assert registry.download(name, "1.1.0").status == 200
    assert registry.download(name, "1.1.0").status == 200
    if not is_list:
        assert listed(registry) == ["1.0.0", "1.1.0"]
        assert set(content(stack, registry, name)) == {200}
    made = policy(block=lines("nothing-like-it"))
    href = own.remote if owner == "remote" else own.registry.href
    stack.rest.set(href, crate_policy=made["pulp_href"])
    lock = lock_file(locked(Crate(name, "1.1.0", package={"license": "GPL-3.0-only"})))
    for rules in RULES:
        stack.rest.set(made["pulp_href"], **{"block": [], "allow": None, "licenses": None, **rules})
        for _ in range(2):
            assert versions(registry, name) == ["1.0.0"]
            assert made["name"] in refusal(registry, name, "1.1.0")
            assert registry.download(name).status == 200
        report = stack.rest.post(f"{registry.href}check/", lock_file=lock, crates_io=True)
        assert [one["verdict"] for one in report["packages"]] == ["blocked"]
        if not is_list:
            assert listed(registry) == ["1.0.0"]
            assert set(content(stack, registry, name)) == {404}
        assert listed(own.registry) == ["1.0.0"]
        assert set(content(stack, own.registry, name)) == {404}
    stack.rest.set(made["pulp_href"], dry_run=True)
    assert versions(registry, name) == ["1.0.0", "1.1.0"]
    assert listed(own.registry) == ["1.0.0", "1.1.0"]


def test_listing_changes_its_tag_with_the_policy(
    stack: Stack, own: Cache, policy: Policy, name: str
) -> None:
    """Or a copy would be told that nothing has changed, and keep what is blocked."""
    tag = own.registry.get("versions.jsonl").headers["etag"]
    assert own.registry.get("versions.jsonl", If_None_Match=tag).status == 304
    own.change(crate_policy=policy(block=lines(name))["pulp_href"])
    assert own.registry.get("versions.jsonl", If_None_Match=tag).status == 200


def test_blocked_version_is_not_synced(stack: Stack, own: Cache, policy: Policy, name: str) -> None:
    """Neither into a new copy nor does it stay in a mirror."""
    remote = stack.rest.need(REMOTES, name=unique("copy"), url=own.registry.index_url)["pulp_href"]
    copy = stack.make_registry()
    sync = {"remote": remote, "mirror": True}
    stack.rest.set(copy.href, allow_uploads=False)
    stack.rest.post(f"{copy.repository}sync/", **sync)
    assert versions(copy, name) == ["1.0.0", "1.1.0"]
    own.change(crate_policy=policy(block=lines(name, versions="1.1"))["pulp_href"])
    stack.rest.post(f"{copy.repository}sync/", **sync)
    assert versions(copy, name) == ["1.0.0"]


@pytest.mark.parametrize("rules", RULES)
def test_sync_by_a_remote_has_the_remotes_policy(
    stack: Stack, own: Cache, policy: Policy, name: str, rules: dict[str, Any]
) -> None:
    """As a cache of it has; a change of the policy counts though the listing is the same."""
    remote = stack.rest.need(REMOTES, name=unique("copy"), url=own.registry.index_url)["pulp_href"]
    copy = stack.make_registry()
    stack.rest.set(copy.href, allow_uploads=False)
    sync = {"remote": remote, "mirror": True}
    made = policy(**rules)
    stack.rest.set(remote, crate_policy=made["pulp_href"])
    result = stack.rest.post(f"{copy.repository}sync/", **sync)["result"]
    assert [(one["name"], one["vers"]) for one in result["refused"]] == [(name, "1.1.0")]
    assert versions(copy, name) == ["1.0.0"]
    stack.rest.set(made["pulp_href"], dry_run=True)
    stack.rest.post(f"{copy.repository}sync/", **sync)
    assert versions(copy, name) == ["1.0.0", "1.1.0"]
    stack.rest.set(made["pulp_href"], dry_run=False)
    stack.rest.post(f"{copy.repository}sync/", **sync)
    assert versions(copy, name) == ["1.0.0"]


@pytest.mark.parametrize("named", ["by the repository", "by the sync"])
@pytest.mark.parametrize("owner", ["remote", "distribution"])
def test_policy_reaches_what_was_synced_before(
    stack: Stack, own: Cache, policy: Policy, name: str, named: str, owner: str
) -> None:
    """A sync without `mirror` removes nothing, so the policy applies to what is served."""
    remote = stack.rest.need(REMOTES, name=unique("copy"), url=own.registry.index_url)["pulp_href"]
    is_own = named == "by the repository"
    copy = stack.make_registry(repository={"remote": remote} if is_own else None)
    stack.rest.set(copy.href, allow_uploads=False)
    stack.rest.post(f"{copy.repository}sync/", **({} if is_own else {"remote": remote}))
    assert versions(copy, name) == listed(copy) == ["1.0.0", "1.1.0"]
    assert copy.download(name, "1.1.0").status == 200
    assert set(content(stack, copy, name)) == {200}
    made = policy(**RULES[0])
    href = remote if owner == "remote" else copy.href
    stack.rest.set(href, crate_policy=made["pulp_href"])
    lock = lock_file(locked(Crate(name, "1.1.0", package={"license": "GPL-3.0-only"})))
    for rules in RULES:
        stack.rest.set(made["pulp_href"], **{"block": [], "allow": None, "licenses": None, **rules})
        assert versions(copy, name) == listed(copy) == ["1.0.0"]
        assert made["name"] in refusal(copy, name, "1.1.0")
        assert copy.download(name).status == 200
        report = stack.rest.post(f"{copy.href}check/", lock_file=lock, crates_io=True)
        assert [one["verdict"] for one in report["packages"]] == ["blocked"]
        assert set(content(stack, copy, name)) == {404}


def test_policy_of_a_sync_does_not_reach_what_is_published(
    stack: Stack, own: Cache, policy: Policy, name: str
) -> None:
    """In a repository with uploads nobody can tell the one from the other, so none is refused."""
    remote = stack.rest.need(REMOTES, name=unique("copy"), url=own.registry.index_url)["pulp_href"]
    registry = stack.make_registry(repository={"remote": remote})
    stack.rest.post(f"{registry.repository}sync/")
    registry.publish(Crate(f"{name}-own", "1.1.0"))
    stack.rest.set(remote, crate_policy=policy(**RULES[0])["pulp_href"])
    assert versions(registry, name) == ["1.0.0", "1.1.0"]
    assert versions(registry, f"{name}-own") == ["1.1.0"]


def test_what_another_remote_stored_has_that_ones_policy(
    stack: Stack, own: Cache, policy: Policy, upstream: SparseUpstream, name: str
) -> None:
    """Two caches may share a store; the one stands in with what came through the other."""
    empty = f"sparse+{upstream.origin}/empty/"
    remote = stack.rest.need(REMOTES, name=unique("up"), url=empty, index_max_age=0)["pulp_href"]
    other = registry_of(stack, own, repository=own.registry.repository, remote=remote)
    assert other.download(name, "1.1.0").status == 200
    own.change(crate_policy=policy(block=lines(name, versions="=1.1.0"))["pulp_href"])
    assert "block list" in refusal(other, name, "1.1.0")
    assert other.download(name).status == 200
