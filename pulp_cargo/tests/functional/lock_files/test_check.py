"""`check/` of a distribution: what it says of the packages in a lock file."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from pulp_cargo.tests.functional.lock_files.conftest import Gate
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support.cache import Cache, make_cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.lock_file import lock_file, locked, package
from pulp_cargo.tests.support.rest import Rest
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, at
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.upstream_faults import held

CKSUM = "0" * 64


def test_every_package_has_a_verdict(upstream: SparseUpstream, gate: Gate, name: str) -> None:
    """With what is here of it, a reason, and whether it passes; in the order of the lock file."""
    served, yanked, gone = Crate(f"{name}-a"), Crate(f"{name}-b"), Crate(f"{name}-c")
    upstream.have(served, Crate(served.name, "1.1.0"))
    upstream.have(yanked, yanked=True)
    url = upstream.index_url
    lock = lock_file(
        locked(served, url),
        package(served.name, "1.1.0", CKSUM),
        locked(yanked, url),
        locked(gone, url),
        package(served.name, "9.0.0"),
    )
    report = gate.check(lock)
    rows = [
        (row["name"], row["vers"], row["here"], row["verdict"], row["passes"])
        for row in report["packages"]
    ]
    assert rows == [
        (served.name, "1.0.0", "index", "served", True),
        (served.name, "1.1.0", "index", "checksum-differs", False),
        (yanked.name, "1.0.0", "index", "yanked", True),
        (gone.name, "1.0.0", "unknown", "missing", False),
        (served.name, "9.0.0", "unknown", "missing", False),
    ]
    assert report["packages"][0]["checksum"] == served.cksum(url)
    reasons = [row["reason"] for row in report["packages"]]
    assert CKSUM in reasons[1]
    assert reasons[3] == f"this registry has no crate `{gone.name}`"
    assert f"`{served.name}` has no version `9.0.0`" in reasons[4]
    assert not report["passes"]
    assert report["sentence"] == "the lock file does not pass: 3 of 5 packages fail"
    assert report["totals"] == {
        "served": 1,
        "yanked": 1,
        "advisory": 0,
        "held": 0,
        "blocked": 0,
        "hidden": 0,
        "checksum-differs": 1,
        "missing": 2,
    }


def test_names_that_no_crate_has_are_sent_to_nobody(
    upstream: SparseUpstream, gate: Gate, name: str
) -> None:
    """They would become other paths at the upstream, which gets its token with each request."""
    odd = [f"../../{name}", f"{name}?x", "x" * 5000, "é"]
    lock = lock_file(*(package(one, source=upstream.index_url) for one in odd))
    before = len(upstream.asked)
    rows = gate.rows(lock)
    assert {(row["name"], row["verdict"]) for row in rows} == {(one, "missing") for one in odd}
    problems = gate.prefetch(lock)["result"]["problems"]
    assert {one["name"] for one in problems} == set(odd)
    assert [one.path for one in upstream.asked[before:] if "config.json" not in one.path] == []


def test_yanked_packages_fail_if_that_is_wanted(
    upstream: SparseUpstream, gate: Gate, name: str
) -> None:
    """A lock file that has one still builds, so it is a warning."""
    upstream.have(Crate(name), yanked=True)
    lock = lock_file(locked(Crate(name), upstream.index_url))
    assert gate.check(lock)["passes"]
    assert not gate.check(lock, fail_on_yanked=True)["passes"]


def test_file_and_text_are_the_same(
    upstream: SparseUpstream, gate: Gate, rest: Rest, name: str
) -> None:
    """A form may have the options, too; without them upstreams are asked."""
    upstream.have(Crate(name))
    lock = lock_file(locked(Crate(name), upstream.index_url))
    path = f"{gate.href}check/"
    files = {"lock_file": ("Cargo.lock", lock.encode())}
    assert rest.call("POST", path, files=files, data={"crates_io": "true"}) == gate.check(lock)


def test_without_refresh_nobody_is_asked(upstream: SparseUpstream, gate: Gate, name: str) -> None:
    """What is not here is unknown, and known from then on when it was asked for."""
    upstream.have(Crate(name))
    lock = lock_file(locked(Crate(name), upstream.index_url))
    row = gate.row(lock, refresh=False)
    assert (row["here"], row["verdict"]) == ("unknown", "missing")
    assert "is not cached, or outdated, and was not requested" in row["reason"]
    assert upstream.asked == []
    assert gate.row(lock)["verdict"] == "served"
    assert gate.row(lock, refresh=False)["verdict"] == "served"


def test_offline_only_stored_files_pass(
    upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """The upstream is not asked; what cargo has fetched through the cache can be had again."""
    crate = Crate(name)
    upstream.have(crate)
    lock = lock_file(locked(crate, upstream.index_url))
    assert gate.check(lock)["passes"]
    row = gate.row(lock, offline=True)
    assert (row["here"], row["verdict"]) == ("index", "missing")
    assert cache.registry.download(name).status == 200
    assert cache.keeps(f"{name} 1.0.0")
    with upstream.switched_off():
        report = gate.check(lock, offline=True)
    assert report["passes"]
    assert (report["packages"][0]["here"], report["packages"][0]["verdict"]) == ("stored", "served")


def test_upstream_that_is_gone_is_told(
    upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """What is not here cannot be known; what is here counts, as it was."""
    upstream.have(Crate(name))
    lock = lock_file(locked(Crate(name), upstream.index_url))
    gate.check(lock)
    other = lock_file(package(f"{name}-other"))
    with upstream.switched_off():
        assert "cannot be used now" in gate.row(other)["reason"]
        row = gate.row(lock)
    assert (row["verdict"], row["flags"]) == ("served", ["old-index"])


def test_packages_from_elsewhere_fail_unless_their_source_is_allowed(
    upstream: SparseUpstream, gate: Gate, name: str
) -> None:
    """Each is listed with its source; what is on the disk has none, and passes."""
    upstream.have(Crate(name))
    lock = lock_file(
        locked(Crate(name), upstream.index_url),
        package("a", source="sparse+https://other.example/"),
        package("b", source="git+https://git.example/b?branch=x#1f"),
    )
    report = gate.check(lock)
    assert [row["name"] for row in report["packages"]] == [name]
    assert [(row["name"], row["source"], row["passes"]) for row in report["not_checked"]] == [
        ("project", None, True),
        ("a", "sparse+https://other.example/", False),
        ("b", "https://git.example/b", False),
    ]
    assert not report["passes"]
    said = "the lock file does not pass: 2 of 3 packages fail, 2 of them because of their source"
    assert report["sentence"] == said
    half = gate.check(lock, allow_sources=["https://git.example/b"])
    assert [row["passes"] for row in half["not_checked"]] == [True, False, True]
    assert not half["passes"]
    both = ["https://git.example/*", "sparse+https://other.example/"]
    assert gate.check(lock, allow_sources=both)["passes"]


def test_registry_that_knows_none_of_the_packages_lets_nothing_pass(gate: Gate) -> None:
    """A lock file of crates.io, shown to a registry that does not stand in for it."""
    lock = lock_file(package("a"))
    report = gate.check(lock, crates_io=None)
    assert (report["packages"], report["passes"]) == ([], False)
    assert "no package is from this registry" in report["sentence"]
    allowed = ["https://github.com/rust-lang/crates.io-index"]
    assert gate.check(lock, crates_io=None, allow_sources=allowed)["passes"]


def test_project_without_dependencies_passes(gate: Gate) -> None:
    """There is nothing that could be wrong."""
    report = gate.check(lock_file(), crates_io=None)
    assert report["passes"]
    assert report["sentence"] == "the lock file passes: it has no packages of this registry"


def test_registry_of_ours_knows_its_own_url(stack: Stack, name: str) -> None:
    """Its crates are all stored; build metadata and spelling are those of the lock file."""
    registry = stack.make_registry()
    crate = Crate(f"{name}-x", "1.0.0+b")
    registry.publish(crate)
    registry.publish(Crate(f"{name}-x", "2.0.0"))
    registry.yank(crate.name, "2.0.0")
    gate = Gate(stack.rest, registry.href, None)
    own = {"source": registry.index_url}
    lock = lock_file(
        locked(crate, registry.index_url, **own),
        package(crate.name, "2.0.0", **own),
        package(crate.name, "1.0.0", **own),
        package(f"{name}_x", "1.0.0+b", **own),
    )
    report = gate.check(lock, offline=True)
    assert [(row["here"], row["verdict"], row["flags"]) for row in report["packages"]] == [
        ("stored", "served", []),
        ("stored", "yanked", ["no-checksum"]),
        ("unknown", "missing", []),
        ("unknown", "missing", []),
    ]
    assert f"has the crate `{name}_x` as `{name}-x`" in report["packages"][3]["reason"]


def test_slow_upstream_does_not_keep_the_api_waiting(
    stack: Stack, upstream: SparseUpstream, gate_of: Callable[[Cache], Gate], name: str
) -> None:
    """The report says what could not be refreshed, and the next one waits less; it heals."""
    names = [f"{name}-{number}" for number in range(20)]
    known = Crate(f"{name}-known")
    upstream.have(known)
    cache = make_cache(stack, upstream.index_url, sock_read_timeout=20)
    gate = gate_of(cache)
    lock = lock_file(*(locked(crate, upstream.index_url) for crate in map(Crate, names)))
    assert gate.row(lock_file(locked(known, upstream.index_url)))["verdict"] == "served"
    for one in names:
        upstream.have(Crate(one))
    status = partial(stack.rest.list, "remotes/cargo/cargo/", name=name)
    with ExitStack() as slow:
        for one in names:
            slow.enter_context(held(upstream, at(one)))
        for most in (8, 3):
            begun = time.monotonic()
            with ThreadPoolExecutor() as pool:
                report, _ = pool.map(lambda ask: ask(), [partial(gate.check, lock), status])
            assert time.monotonic() - begun < most
            assert report["not_refreshed"] == sorted(names)
            assert "have not responded in time for 20 crates" in report["sentence"]
            assert not report["passes"]
    assert wait_for(lambda: gate.check(lock, refresh=False)["passes"])
