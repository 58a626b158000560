"""Search in lists of upstreams: whose hits are shown, and what no upstream is told."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from pulp_cargo.tests.functional.cache.lists.conftest import (
    ListOf,
    StoreOf,
    ours,
    theirs,
)
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, search_path
from pulp_cargo.tests.support.stack import Stack

# The next search of a remote waits this long for its turn, and a second.
WAIT = """
    UPDATE cargo_upstreamsearch SET sent_at = clock_timestamp() + interval '2 seconds'
    WHERE remote_id = %s
"""


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
    "text",
    [
        "{}-x", "{}_X", "{} x", "how to use {}-x", "{}-x::Client", "{}-x@1.0", "use({}/x);", "{}X::new",
        "acme-{}", "acme {}", "\uff21cme\uff0d{}", "acme\u00a0{}", '"acme-{}"',
    ],
)  # fmt: skip
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


def test_name_that_is_claimed_while_its_search_waits(
    upstream: SparseUpstream, private: Registry, listed: Registry, stack: Stack, name: str
) -> None:
    """Whether it may be sent is decided again when it is its turn."""
    assert found(listed, f"{name}-first") == []
    far = stack.rest.get(listed.href)["upstreams"][0]["remote"]
    with stack.connect() as connection:
        connection.execute(WAIT, [far.rstrip("/").rpartition("/")[2]])
    with ThreadPoolExecutor(1) as pool:
        search = pool.submit(found, listed, name)
        private.publish(Crate(name))
        assert (name, True, True) in search.result() or search.result() == []
    assert upstream.searches == [f"{name}-first"]


def test_remembered_hit_is_not_shown_once_its_name_is_claimed(
    upstream: SparseUpstream, private: Registry, listed: Registry, name: str
) -> None:
    """Nor once it is reserved; the upstream is not asked again."""
    text = f"w{secrets.token_hex(4)}"
    upstream.find(text, name, "free")
    assert found(listed, text) == [(name, False, False), ("free", False, False)]
    private.publish(Crate(name))
    assert found(listed, text) == [("free", False, False)]
    assert upstream.searches == [text]


def test_who_may_not_read_does_not_search(
    upstream: SparseUpstream, private: Registry, store_of: StoreOf, list_of: ListOf
) -> None:
    """A private list sends nothing for anonymous users."""
    far = theirs(store_of(upstream, search_upstream=True))
    listed = list_of(far, ours(private), place=private, auth_required=True)
    text = f"w{secrets.token_hex(4)}"
    upstream.find(text, "free")
    assert listed.get(f"api/v1/crates?q={text}").status == 401
    assert upstream.searches == []
    assert listed.get(f"api/v1/crates?q={text}", token=listed.token).status == 200
    assert upstream.searches == [text]


@pytest.mark.faults
def test_failing_upstream_does_not_affect_others(
    upstream: SparseUpstream, elsewhere: SparseUpstream, store_of: StoreOf, list_of: ListOf
) -> None:
    """Of two that are asked at once."""
    text = f"w{secrets.token_hex(4)}"
    first = theirs(store_of(upstream, search_upstream=True))
    second = theirs(store_of(elsewhere, search_upstream=True))
    listed = list_of(first, second)
    upstream.faults[search_path(text)] = broken.says(500)
    elsewhere.find(text, "two-b")
    assert found(listed, text) == [("two-b", False, False)]
    assert upstream.searches == elsewhere.searches == [text]


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
