"""An upstream that is not well is left alone: what it says of that, and what we learn by trying."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.sparse_upstream import EVERYWHERE, SparseUpstream, at, file_path

pytestmark = pytest.mark.faults


def test_dead_upstream_costs_nothing(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """Of fifty requests only the first few try to connect; each gets a sentence."""
    upstream.faults[EVERYWHERE] = broken.reset
    before = upstream.connections
    for number in range(50):
        answer = own.registry.index_file(f"{name}-{number}")
        assert answer.status == 502
        assert "upstream" in answer.detail
    assert 1 <= upstream.connections - before <= 10


def test_upstream_that_hangs_costs_little(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """What is known comes at once, not after a time-out each; nor do the questions queue up."""
    names = [f"{name}-{number}" for number in range(50)]
    for one in names:
        upstream.have(Crate(one))
        own.registry.index(one)
    upstream.faults[EVERYWHERE] = broken.hang
    before = len(upstream.paths(name))
    for one in names:
        assert own.registry.index_file(one).headers["age"]
    # A remote has ten requests at once, if nothing else is said.
    assert not launcher.wait_for(lambda: len(upstream.paths(name)) - before > 20, seconds=5)


def test_missing_crates_are_no_failure(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """However many are asked for in vain, the upstream is well."""
    upstream.have(Crate(name))
    for number in range(30):
        assert cache.registry.index_file(f"{name}-{number}").status == 404
    assert cache.registry.index(name)


def test_one_bad_crate_does_not_close_the_others(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """An index file that is damaged for ever is that crate's fault, not the upstream's."""
    upstream.index(f"{name}-bad", b"<!doctype html>")
    upstream.have(Crate(name))
    for _ in range(20):
        assert own.registry.index_file(f"{name}-bad").status == 502
    assert own.registry.index(name)


def test_one_bad_redirect_does_not_close_the_others(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """A file or an index file that leads nowhere is no failure of the upstream."""
    bad, good = Crate(f"{name}-bad"), Crate(name)
    for crate in (bad, good):
        upstream.have(crate)
    upstream.faults[file_path(bad)] = broken.redirects_for_ever
    upstream.faults[at(f"{name}-worse")] = broken.redirects_for_ever
    for _ in range(20):
        assert own.registry.download(bad.name).status == 502
        assert own.registry.index_file(f"{name}-worse").status == 502
    assert own.registry.download(good.name).body == good.packed()


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(
    upstream: SparseUpstream, own: Cache, name: str, status: int, form: str
) -> None:
    """The upstream is not asked for anything meanwhile."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    upstream.have(Crate(name))
    upstream.faults[EVERYWHERE] = broken.says(
        status, Retry_After="60" if form == "seconds" else date
    )
    for number in range(5):
        answer = own.registry.index_file(f"{name}-{number}")
        assert answer.status == 502
        assert "upstream" in answer.detail
    assert len(upstream.asked) == 1


def test_upstream_is_asked_again_when_it_said(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """After a second, here."""
    upstream.have(Crate(name))
    upstream.faults[EVERYWHERE] = broken.says(429, Retry_After="1")
    assert own.registry.index_file(name).status == 502
    upstream.faults.clear()
    assert launcher.wait_for(lambda: own.registry.index_file(name).status == 200)


def test_retry_after_of_a_file(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """It holds for downloads as well."""
    crates = [Crate(f"{name}-{number}") for number in range(5)]
    for crate in crates:
        upstream.have(crate)
        own.registry.index(crate.name)
    before = len(upstream.asked)
    upstream.faults[EVERYWHERE] = broken.says(429, Retry_After="60")
    for crate in crates:
        assert own.registry.download(crate.name).status == 502
    assert len(upstream.asked) - before == 1
