"""Files that do not come as the index says: an error for the client, and nothing kept."""

import http.client

import pytest

from pulp_cargo.tests.functional.cache.conftest import Shared
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate, heavy
from pulp_cargo.tests.support.exchange import Page
from pulp_cargo.tests.support.registry import Answer
from pulp_cargo.tests.support.sparse_upstream import Fault, SparseUpstream, file_path

pytestmark = pytest.mark.faults

POLICIES = ("on_demand", "immediate", "streamed")
# What a client meets when the connection ends before the answer does.
CUT_OFF = (http.client.IncompleteRead, ConnectionResetError)
BEFORE_THE_BODY = [
    broken.reset,
    broken.hang,
    broken.no_http,
    broken.not_modified,
    broken.redirects_for_ever,
    broken.says(500),
    broken.says(404),
    broken.says(403),
    broken.says(401),
    broken.says(206),
    broken.says(302, Location="file:///etc/passwd"),
]


def named(fault: object) -> str:
    """Return the name of a fault."""
    return str(getattr(fault, "__qualname__", fault)).partition(".")[0]


@pytest.fixture
def crate(upstream: SparseUpstream, name: str) -> Crate:
    """A crate whose file comes in several pieces."""
    crate = heavy(name, 1_000_000)
    upstream.have(crate)
    return crate


def heals(upstream: SparseUpstream, cache: Cache, crate: Crate) -> None:
    """Fail unless the next good answer gives the client its file, and keeps it."""
    upstream.faults.clear()
    upstream.have(crate)
    assert launcher.wait_for(lambda: cache.registry.download(crate.name).status == 200)
    assert cache.registry.download(crate.name).body == crate.packed()
    assert cache.keeps(f"{crate.name} 1.0.0")


def refusal(cache: Cache, crate: Crate) -> Answer | None:
    """Return the error, None for an answer that breaks off; the index is known before."""
    cache.registry.index(crate.name)
    with cache.keeps_nothing(crate.name):
        try:
            answer = cache.registry.download(crate.name)
        except CUT_OFF:
            return None
        assert answer.status == 502, answer.status
        assert "upstream" in answer.detail
        assert answer.headers["cache-control"] == "no-store"
        return answer


@pytest.mark.parametrize("fault", BEFORE_THE_BODY, ids=named)
def test_no_file(upstream: SparseUpstream, cache: Cache, crate: Crate, fault: Fault) -> None:
    """A sentence without addresses; 404, too, is a fault, since the index has the version."""
    upstream.faults[file_path(crate)] = fault
    answer = refusal(cache, crate)
    assert answer is not None
    assert upstream.origin not in answer.detail
    heals(upstream, cache, crate)


@pytest.mark.parametrize("fault", [broken.cut_off, broken.hang_in_body], ids=named)
def test_file_that_does_not_end_well(
    upstream: SparseUpstream, cache: Cache, crate: Crate, fault: Fault
) -> None:
    """What begins cannot become an error, so it breaks off, and never is a whole answer."""
    upstream.faults[file_path(crate)] = fault
    answer = refusal(cache, crate)
    # The end of what is cut off may come before the answer begins.
    assert answer is None or fault is broken.cut_off
    heals(upstream, cache, crate)


@pytest.mark.parametrize(
    ("fault", "words"),
    [(broken.endless, "has more than the"), (broken.page_for_people, "has another checksum")],
    ids=named,
)
def test_file_of_another_length(
    upstream: SparseUpstream, cache: Cache, crate: Crate, fault: Fault, words: str
) -> None:
    """It is found out before the answer begins, so that the client gets a sentence."""
    upstream.faults[file_path(crate)] = fault
    answer = refusal(cache, crate)
    assert answer is not None and words in answer.detail
    heals(upstream, cache, crate)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("change", ["other", "shorter", "longer", "empty"])
def test_wrong_bytes(
    upstream: SparseUpstream, shared: Shared, name: str, policy: str, change: str
) -> None:
    """A file whose checksum differs from the index is never stored or completely delivered [123]."""
    crate = heavy(name, 600_000)
    upstream.have(crate)
    right = crate.packed()
    wrong = {
        "other": right[:-1] + b"!",
        "shorter": right[:-1],
        "longer": right + b"!",
        "empty": b"",
    }
    upstream.pages[file_path(crate)] = Page(wrong[change])
    cache = shared(policy)
    for _ in range(2):
        refusal(cache, crate)
    upstream.have(crate)
    assert launcher.wait_for(lambda: cache.registry.download(name).status == 200)
    assert cache.registry.download(name).body == right
    assert cache.kept(name) == set() if policy == "streamed" else cache.keeps(f"{name} 1.0.0")


def test_one_bad_version_of_a_whole_crate(
    upstream: SparseUpstream, shared: Shared, name: str
) -> None:
    """With `immediate` the others are kept all the same, and so is that one once it is right."""
    crates = [Crate(name, f"1.{number}.0") for number in range(3)]
    upstream.have(*crates)
    upstream.pages[file_path(crates[1])] = Page(b"wrong")
    cache = shared("immediate")
    assert cache.registry.download(name).body == crates[0].packed()
    assert cache.keeps(f"{name} 1.0.0", f"{name} 1.2.0")
    upstream.have(*crates)
    assert launcher.wait_for(lambda: cache.registry.download(name, "1.1.0").status == 200)
    assert cache.keeps(*(f"{name} {crate.vers}" for crate in crates))


def test_file_that_is_no_archive(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """The checksum is right, so the client gets it: cargo judges it. The next ones do, too."""
    crate = Crate(name, archive=b"no archive at all")
    upstream.have(crate)
    for _ in range(2):
        assert cache.registry.download(name).body == b"no archive at all"


def test_two_lines_of_one_version(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """There is one file for it, and only the line that it fits is served."""
    right, wrong = Crate(name), Crate(name, files={"other": b"x"})
    upstream.have(wrong, right)
    assert [entry["cksum"] for entry in cache.registry.index(name)] == [right.cksum()]
    assert cache.registry.download(name).body == right.packed()


def test_version_whose_file_changes(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """Published again with other bytes, as some registries allow: index and file always fit."""
    first, second = Crate(name), Crate(name, files={"other": b"x"})
    upstream.have(first)
    assert cache.registry.download(name).body == first.packed()
    assert cache.keeps(f"{name} 1.0.0")
    upstream.have(second)
    assert cache.registry.entry(name)["cksum"] == first.cksum()
    assert cache.registry.download(name).body == first.packed()
    assert launcher.wait_for(lambda: bool(cache.rest.list(f"{cache.remote}replaced/", name=name)))
    cache.rest.post(f"{cache.remote}accept/", name=name, vers="1.0.0", checksum=second.cksum())
    assert launcher.wait_for(lambda: cache.registry.entry(name)["cksum"] == second.cksum())
    assert cache.registry.download(name).body == second.packed()
