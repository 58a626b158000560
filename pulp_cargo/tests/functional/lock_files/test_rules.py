"""What crate policies and lists of upstreams make of the packages in a lock file."""

from typing import Any

import pytest

from pulp_cargo.tests.functional.lock_files.conftest import Gate
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.lock_file import lock_file, locked, package
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, Stack

FUTURE = "2999-01-01T00:00:00Z"


def rule(stack: Stack, cache: Cache, **policy: Any) -> None:
    """Put rules in force for what comes from the upstream of a cache."""
    made = stack.rest.need("cargo/crate-policies/", name=unique("p"), **policy)
    cache.change(crate_policy=made["pulp_href"])


@pytest.mark.parametrize(
    ("policy", "entry", "verdict", "said"),
    [
        ({"cooldown_days": 7}, {"pubtime": FUTURE}, "held", "by the cooldown"),
        ({"block": [{"crate": "x*", "reason": "no"}]}, {}, "blocked", "by the block list"),
        ({"allow": []}, {}, "blocked", "it is not on the allow list"),
        ({"hide_yanked": True}, {"yanked": True}, "hidden", "because it is yanked"),
        ({"cooldown_days": 7}, {}, "served", "is served from"),
    ],
    ids=["cooldown", "block", "allow", "yanked", "old enough"],
)
def test_verdict_is_that_of_the_rules(
    stack: Stack,
    upstream: SparseUpstream,
    gate: Gate,
    cache: Cache,
    name: str,
    policy: dict[str, Any],
    entry: dict[str, Any],
    verdict: str,
    said: str,
) -> None:
    """With the sentence that cargo's users get, and nothing that breaks a rule is fetched."""
    rule(stack, cache, **policy)
    upstream.have(Crate(name), **entry)
    lock = lock_file(locked(Crate(name), upstream.index_url))
    row = gate.row(lock)
    assert (row["verdict"], row["passes"]) == (verdict, verdict == "served")
    assert said in row["reason"]
    result = gate.prefetch(lock)["result"]
    assert [one["reason"] for one in result["problems"]] == (
        [] if verdict == "served" else [row["reason"]]
    )
    assert cache.kept() == ({f"{name} 1.0.0"} if verdict == "served" else set())


def test_rules_that_are_only_tried_out_let_everything_pass(
    stack: Stack, upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """The flag and the sentence tell what they would have done."""
    rule(stack, cache, cooldown_days=7, dry_run=True)
    upstream.have(Crate(name), pubtime=FUTURE)
    row = gate.row(lock_file(locked(Crate(name), upstream.index_url)))
    assert (row["verdict"], row["passes"], row["flags"]) == ("served", True, ["dry-run"])
    assert "dry run" in row["reason"] and "by the cooldown" in row["reason"]


def test_licence_is_evaluated_when_the_file_is_there(
    stack: Stack, upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """Before, nobody knows it; a file that breaks the rule is not kept."""
    rule(stack, cache, licenses=["MIT"])
    good, bad = (
        Crate(f"{name}-a", package={"license": "MIT"}),
        Crate(f"{name}-b", package={"license": "GPL-3.0-only"}),
    )
    upstream.have(good)
    upstream.have(bad)
    url = upstream.index_url
    result = gate.prefetch(lock_file(locked(good, url), locked(bad, url)))["result"]
    assert result["fetched"] == 1
    (problem,) = result["problems"]
    assert problem["name"] == bad.name and "blocked by its licence" in problem["reason"]
    assert cache.kept() == {f"{good.name} 1.0.0"}


@pytest.fixture
def ours(stack: Stack) -> Registry:
    """A registry of ours, to publish to."""
    return stack.make_registry()


@pytest.fixture
def both(stack: Stack, cache: Cache, ours: Registry) -> Gate:
    """A list of a private repository and the upstream of the cache."""
    upstreams = [
        {"name": "ours", "repository": ours.repository},
        {"name": "theirs", "remote": cache.remote, "repository": cache.registry.repository},
    ]
    stack.rest.set(cache.registry.href, remote=None, repository=None)
    name = unique("list")
    made = stack.rest.need(
        DISTRIBUTIONS, name=name, base_path=name, upstreams=upstreams, reserved_names=["zz-*"]
    )
    return Gate(stack.rest, made["pulp_href"])


def test_private_name_is_never_the_upstreams(
    upstream: SparseUpstream, both: Gate, ours: Registry, name: str
) -> None:
    """A lock file that has the upstream's crate is told so, and the upstream is not asked."""
    mine, other = Crate(f"{name}-mine"), Crate(f"{name}-other")
    ours.publish(mine)
    upstream.have(mine, Crate(mine.name, "2.0.0"))
    upstream.have(other)
    url = upstream.index_url
    lock = lock_file(
        locked(Crate(mine.name, "2.0.0"), url), locked(other, url), package("zz-reserved")
    )
    rows = both.rows(lock)
    assert [(row["upstream"], row["verdict"], row["flags"]) for row in rows] == [
        ("ours", "missing", ["name-also-private"]),
        ("theirs", "served", []),
        (None, "missing", []),
    ]
    assert "`zz-reserved` is reserved for private repositories by `zz-*`" in rows[2]["reason"]
    assert upstream.paths("mine") == [] and upstream.paths("zz") == []


def test_private_package_is_from_the_list_itself(
    stack: Stack, upstream: SparseUpstream, both: Gate, ours: Registry, name: str
) -> None:
    """By the URL of the list, and by that of the repository's own registry.

    The upstream never hears of it, not even where the registry does not have it any more.
    """
    ours.publish(Crate(name))
    made = stack.rest.get(both.href)
    cksum = Crate(name).cksum(ours.index_url)
    for url in (made["base_url"], ours.index_url):
        row = both.row(lock_file(package(name, cksum=cksum, source=url)))
        assert (row["upstream"], row["here"], row["verdict"]) == ("ours", "stored", "served")
    gone = lock_file(package(f"{name}-gone", source=ours.index_url))
    assert both.row(gone)["verdict"] == "missing"
    assert upstream.paths(name) == []


def test_upstream_that_cannot_be_asked_makes_no_room_for_the_next(
    stack: Stack, upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """What it has is unknown, so no other answers for its names."""
    dead = stack.rest.need(
        "remotes/cargo/cargo/",
        name=unique("dead"),
        url="sparse+http://127.0.0.1:9/",
        policy="on_demand",
    )
    upstream.have(Crate(name))
    list_name = unique("list")
    made = stack.rest.need(
        DISTRIBUTIONS,
        name=list_name,
        base_path=list_name,
        upstreams=[
            {"name": "dead", "remote": dead["pulp_href"]},
            {"name": "theirs", "remote": cache.remote},
        ],
    )
    row = Gate(stack.rest, made["pulp_href"]).row(
        lock_file(locked(Crate(name), upstream.index_url))
    )
    assert (row["upstream"], row["here"], row["verdict"]) == ("dead", "unknown", "missing")
    assert "cannot be used now" in row["reason"]
    assert upstream.paths(name) == []
