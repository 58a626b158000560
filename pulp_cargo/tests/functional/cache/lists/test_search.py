"""Search in lists of upstreams: whose hits are shown, and what no upstream is told."""

import secrets
from urllib.parse import quote

import pytest

from pulp_cargo.tests.functional.cache.lists.conftest import (
    ListOf,
    StoreOf,
    ours,
    theirs,
)
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture
def listed(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf
) -> Registry:
    """A list whose remote is asked, with the private repository last, and reserved names."""
    far = theirs(store_of(upstream, search_upstream=True))
    return list_of(far, ours(private), place=private, reserved_names=["acme-*"])


def found(registry: Registry, text: str) -> list[tuple[str, bool, bool]]:
    """Search, and return the name of each crate, whether it is private, and whether it is stored."""
    answer = registry.get(f"api/v1/crates?q={quote(text)}")
    assert answer.status == 200, answer
    crates = answer.json()["crates"]
    return [(one["name"], one["private"], one["stored"]) for one in crates]


@pytest.mark.parametrize(
    "text", ["{}-x", "{}_X", "{} x", "how to use {}-x", "{}-x::Client", "acme-{}", "acme {}"]
)
def test_secret_names_are_not_sent(
    upstream: SparseUpstream, private: Registry, listed: Registry, name: str, text: str
) -> None:
    """Claimed and reserved ones, in any spelling, alone and among other words."""
    private.publish(Crate(f"{name}-x"))
    found(listed, text.format(name))
    assert upstream.searches == []


def test_removed_crate_is_still_a_secret(
    upstream: SparseUpstream, private: Registry, listed: Registry, stack: Stack, name: str
) -> None:
    """Its name stays claimed, and the upstream's crate is not shown."""
    private.publish(Crate(name))
    (crate,) = stack.rest.list("content/cargo/crates/", name=name)
    stack.rest.post(f"{private.repository}modify/", remove_content_units=[crate["pulp_href"]])
    upstream.find(name, name)
    text = f"w{secrets.token_hex(4)}"
    upstream.find(text, name)
    assert found(listed, name) == []
    assert found(listed, text) == []
    assert upstream.searches == [text]


def test_hits_with_secret_names_are_left_out(
    upstream: SparseUpstream, private: Registry, listed: Registry, name: str
) -> None:
    """The upstream's crate of a private name is never served here, so it is not shown either."""
    text = f"w{secrets.token_hex(4)}"
    private.publish(Crate(name, package={"description": f"Ours, {text}"}))
    upstream.find(text, name.upper(), f"acme-{name}", "free")
    assert found(listed, text) == [(name, True, True), ("free", False, False)]
    assert upstream.searches == [text]


def test_only_upstreams_that_would_answer_are_shown(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    private: Registry,
    store_of: StoreOf,
    list_of: ListOf,
) -> None:
    """By patterns, pins and order; a crate that two have is the first one's."""
    text = f"w{secrets.token_hex(4)}"
    first = theirs(store_of(upstream, search_upstream=True), patterns=["one-*", "both"])
    second = theirs(store_of(elsewhere, search_upstream=True), pins=["one-pinned"])
    listed = list_of(first, second, ours(private))
    upstream.find(text, "one-a", "one-pinned", "two-a", "both")
    elsewhere.find(text, "two-b", "one-pinned", "both")
    answer = listed.get(f"api/v1/crates?q={text}").json()
    assert [(one["name"], one["upstream"]) for one in answer["crates"]] == [
        ("one-a", first["name"]),
        ("both", first["name"]),
        ("two-b", second["name"]),
        ("one-pinned", second["name"]),
    ]
    assert answer["meta"]["total"] == 4


def test_name_that_is_pinned_elsewhere_is_not_sent(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    store_of: StoreOf,
    list_of: ListOf,
    name: str,
) -> None:
    """Only the upstream to which it belongs is asked."""
    first = theirs(store_of(upstream, search_upstream=True))
    second = theirs(store_of(elsewhere, search_upstream=True), pins=[f"{name}-*"])
    listed = list_of(first, second)
    elsewhere.find(f"{name}-a", f"{name}-a")
    assert found(listed, f"{name}-a") == [(f"{name}-a", False, False)]
    assert (upstream.searches, elsewhere.searches) == ([], [f"{name}-a"])


def test_tags_and_summary_of_a_list(
    stack: Stack, upstream: SparseUpstream, new_store_of: StoreOf, list_of: ListOf, name: str
) -> None:
    """They are those of all its repositories; crates for which another answers are not listed."""
    mine, store = stack.make_registry(), new_store_of(upstream)
    listed = list_of(ours(mine), theirs(store), place=mine)
    package = {"keywords": [f"k-{name}", "both"]}
    for one in ("a", "b"):
        crate = Crate(f"{name}-{one}", package=package)
        upstream.have(crate)
        assert listed.download(crate.name).status == 200
    assert store.keeps(f"{name}-a 1.0.0", f"{name}-b 1.0.0")
    mine.publish(Crate(f"{name}-a", "2.0.0", package={"keywords": ["both"]}))
    answer = listed.get(f"api/v1/keywords/k-{name}").json()
    assert answer["keyword"]["crates_cnt"] == 2
    found = listed.get("api/v1/keywords?sort=crates&per_page=1").json()
    assert [(one["id"], one["crates_cnt"]) for one in found["keywords"]] == [("both", 3)]
    summary = listed.get("api/v1/summary").json()
    shown = {one["name"]: one["max_version"] for one in summary["new_crates"]}
    assert shown == {f"{name}-a": "2.0.0", f"{name}-b": "1.0.0"}
    assert [one["id"] for one in summary["popular_keywords"]] == ["both", f"k-{name}"]
