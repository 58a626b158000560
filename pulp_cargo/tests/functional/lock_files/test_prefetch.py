"""`prefetch/` of a distribution: what it fetches for a lock file, and what it reports."""

import random
from collections.abc import Callable

import pytest

from pulp_cargo.tests.functional.lock_files.conftest import Gate
from pulp_cargo.tests.support.cache import Cache, make_cache
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.exchange import Page
from pulp_cargo.tests.support.lock_file import lock_file, locked, package
from pulp_cargo.tests.support.rest import Refused, Rest
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, file_path
from pulp_cargo.tests.support.stack import Stack

GateOf = Callable[[Cache], Gate]


def test_missing_files_come_in_one_version(
    upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """They are what cargo would have fetched, and the registry serves them without the upstream."""
    leaf = Crate(f"{name}-leaf", files={"noise": random.randbytes(300_000)})
    top = Crate(f"{name}-top", deps=[Dep(name=leaf.name)])
    upstream.have(leaf, Crate(leaf.name, "2.0.0"))
    upstream.have(top, yanked=True)
    url = upstream.index_url
    task = gate.prefetch(lock_file(locked(leaf, url), locked(top, url)))
    assert task["result"] == {"fetched": 2, "there": 0, "problems": []}
    assert task["created_resources"] == [cache.latest]
    (report,) = task["progress_reports"]
    assert (report["code"], report["done"], report["total"]) == ("cargo.prefetch", 2, 2)
    assert cache.version == 1
    assert cache.kept() == {f"{leaf.name} 1.0.0", f"{top.name} 1.0.0"}
    with upstream.switched_off():
        assert gate.check(lock_file(locked(leaf, url), locked(top, url)), offline=True)["passes"]
        assert cache.registry.download(leaf.name).body == leaf.packed(url)
        assert [line["yanked"] for line in cache.registry.index(top.name)] == [True]


def test_versions_that_differ_in_build_metadata(
    upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """Both come, the second also when the first is there; each is found by its very version."""
    plain, built = Crate(name, "0.4.0"), Crate(name, "0.4.0+25")
    upstream.have(plain, built)
    first, both = (
        lock_file(*(locked(crate, upstream.index_url) for crate in crates))
        for crates in ([plain], [plain, built])
    )
    assert gate.prefetch(first)["result"] == {"fetched": 1, "there": 0, "problems": []}
    here = [row["here"] for row in gate.rows(both)]
    assert here == ["stored", "index"]
    assert gate.prefetch(both)["result"] == {"fetched": 1, "there": 1, "problems": []}
    assert cache.kept() == {f"{name} 0.4.0", f"{name} 0.4.0+25"}
    with upstream.switched_off():
        assert gate.check(both, offline=True)["passes"]
        for crate in (plain, built):
            answer = cache.registry.download(name, crate.vers)
            assert answer.body == crate.packed(upstream.index_url)


def test_what_is_there_is_not_fetched_again(
    upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """Nor is there another version for it."""
    upstream.have(Crate(name))
    lock = lock_file(locked(Crate(name), upstream.index_url))
    gate.prefetch(lock)
    task = gate.prefetch(lock)
    assert task["result"] == {"fetched": 0, "there": 1, "problems": []}
    assert (task["created_resources"], cache.version) == ([], 1)
    assert len(upstream.asked_for(file_path(Crate(name)))) == 1


def test_yank_in_the_upstream_is_copied_before_the_task_ends(
    upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """The new index file is stored, so nobody would copy the yank later."""
    crate = Crate(name)
    upstream.have(crate)
    lock = lock_file(locked(crate, upstream.index_url))
    gate.prefetch(lock)
    upstream.have(crate, yanked=True)
    result = gate.prefetch(lock)["result"]
    assert result == {"fetched": 0, "there": 1, "problems": []}
    (mark,) = cache.rest.list("content/cargo/yanks/", repository_version=cache.latest)
    assert (mark["name"], mark["vers"]) == (name, crate.vers)


def test_file_of_another_registry_is_taken_over(
    stack: Stack, upstream: SparseUpstream, cache: Cache, gate: Gate, gate_of: GateOf, name: str
) -> None:
    """A cache of the same remote has it, so the upstream is not asked for it."""
    upstream.have(Crate(name))
    lock = lock_file(locked(Crate(name), upstream.index_url))
    gate.prefetch(lock)
    registry = stack.make_registry(remote=cache.remote, allow_uploads=False)
    other = Cache(stack, cache.remote, registry)
    assert gate_of(other).prefetch(lock)["result"]["fetched"] == 1
    assert other.kept() == {f"{name} 1.0.0"}
    assert len(upstream.asked_for(file_path(Crate(name)))) == 1


def test_private_file_is_not_taken_over(
    stack: Stack, upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """An upstream that names its checksum has to send it, and cannot."""
    secret = Crate(name, files={"src/lib.rs": b"// secret"})
    private = stack.make_registry(auth_required=True)
    private.publish(secret)
    cksum = secret.cksum(private.index_url)
    upstream.have(Crate(name), cksum=cksum)
    line = locked(Crate(name), upstream.index_url)
    lock = lock_file(line.replace(Crate(name).cksum(upstream.index_url), cksum))
    assert gate.prefetch(lock)["result"]["fetched"] == 0
    assert cache.kept(name) == set()


def test_problems_do_not_keep_the_rest_from_coming(
    upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """Each is named with its reason: another checksum, no such version, no file."""
    good, other, lost = (Crate(f"{name}-{word}") for word in ("good", "other", "lost"))
    for crate in (good, other, lost):
        upstream.have(crate)
    del upstream.pages[file_path(lost)]
    url = upstream.index_url
    lock = lock_file(
        locked(good, url),
        package(other.name, cksum="0" * 64),
        package(good.name, "9.0.0"),
        locked(lost, url),
    )
    result = gate.prefetch(lock)["result"]
    assert (result["fetched"], result["there"]) == (1, 0)
    reasons = {f"{one['name']} {one['vers']}": one["reason"] for one in result["problems"]}
    assert list(reasons) == [f"{other.name} 1.0.0", f"{good.name} 9.0.0", f"{lost.name} 1.0.0"]
    assert "has the checksum 000" in reasons[f"{other.name} 1.0.0"]
    assert "has no version `9.0.0`" in reasons[f"{good.name} 9.0.0"]
    assert "404" in reasons[f"{lost.name} 1.0.0"]
    assert cache.kept() == {f"{good.name} 1.0.0"}
    assert upstream.asked_for(file_path(other)) == []


@pytest.mark.faults
def test_wrong_bytes_are_never_kept(
    upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """The upstream's index has their checksum, and they are not as it says."""
    upstream.have(Crate(name))
    good = Crate(name).packed(upstream.index_url)
    upstream.pages[file_path(Crate(name))] = Page(good[:-1] + b"!")
    lock = lock_file(locked(Crate(name), upstream.index_url))
    (problem,) = gate.prefetch(lock)["result"]["problems"]
    assert (cache.version, cache.kept()) == (0, set())
    assert "the file has another checksum than its index" in problem["reason"]


def test_registry_without_a_store_has_nothing_to_fetch_into(
    stack: Stack, upstream: SparseUpstream, gate_of: GateOf, name: str
) -> None:
    """One of ours, and one whose upstream's files are never kept."""
    lock = lock_file(package(name))
    ours = Gate(stack.rest, stack.make_registry().href)
    for gate in (ours, gate_of(make_cache(stack, upstream.index_url, policy="streamed"))):
        with pytest.raises(Refused, match="does not store files") as refused:
            gate.prefetch(lock)
        assert refused.value.status == 400


def test_fetching_takes_the_right_to_modify_the_store(
    rest: Rest, upstream: SparseUpstream, gate: Gate, cache: Cache, name: str
) -> None:
    """Reading the registry is not enough: what comes goes into a repository."""
    upstream.have(Crate(name))
    lock = lock_file(locked(Crate(name), upstream.index_url))
    (distribution,) = rest.list("distributions/cargo/cargo/", name=cache.registry.name)
    user = rest.new_user("cargo.cargodistribution_reader", on=distribution["prn"])
    theirs = Gate(user, gate.href)
    with pytest.raises(Refused, match="you may not modify") as refused:
        theirs.prefetch(lock)
    assert refused.value.status == 403
    assert user.auth is not None
    rest.post(
        f"{cache.registry.repository}add_role/",
        role="cargo.cargorepository_publisher",
        users=[user.auth[0]],
    )
    assert theirs.prefetch(lock)["result"]["fetched"] == 1
