"""An upstream on https that leads to plain http, where anybody on the way may answer."""

from collections.abc import Callable

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.certificate import Certificate
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.exchange import Page
from pulp_cargo.tests.support.sparse_upstream import CONFIG, SparseUpstream, at, file_path

pytestmark = pytest.mark.faults

BACK = "/back"


@pytest.fixture
def own(secure: SparseUpstream, certificate: Certificate, cache_of: CacheOf) -> Cache:
    """A cache of the registry on https, whose certificate it believes."""
    return cache_of(secure, ca_cert=certificate.text)


def says_more(plain: SparseUpstream, secure: SparseUpstream, name: str) -> None:
    """Answer as the registry could."""
    plain.have(Crate(name), Crate(name, "6.6.6"))


def says_no_such_crate(plain: SparseUpstream, secure: SparseUpstream, name: str) -> None:
    """Let the crate vanish, so that another registry is asked for its name."""
    plain.faults[at(name)] = broken.says(404)


def leads_to_https(plain: SparseUpstream, secure: SparseUpstream, name: str) -> None:
    """Lead on to https: whoever said so over http may have named any host."""
    says_more(plain, secure, name)
    secure.pages[BACK] = Page(plain.pages[at(name)].body)
    plain.faults[at(name)] = broken.says(302, Location=secure.origin + BACK)


@pytest.mark.parametrize("answers", [says_more, says_no_such_crate, leads_to_https])
def test_index_file_over_http_is_not_believed(
    secure: SparseUpstream,
    upstream: SparseUpstream,
    own: Cache,
    name: str,
    answers: Callable[[SparseUpstream, SparseUpstream, str], None],
) -> None:
    """Whatever it says; nothing is stored, and the registry's own answer heals it."""
    secure.have(Crate(name))
    secure.faults[at(name)] = broken.redirects_to(upstream.origin)
    answers(upstream, secure, name)
    with own.keeps_nothing(name):
        for answer in (own.registry.index_file(name), own.registry.download(name, "6.6.6")):
            assert answer.status == 502, answer
            assert "upstream" in answer.detail
    assert upstream.asked_for(at(name))
    assert not own.knows(name)
    secure.faults.clear()
    assert launcher.wait_for(lambda: own.registry.index_file(name).status == 200)
    assert [entry["vers"] for entry in own.registry.index(name)] == ["1.0.0"]


def test_index_file_of_before_stays(
    secure: SparseUpstream, upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """What came over http is neither added to it nor taken for its end."""
    secure.have(Crate(name))
    before = own.registry.index_file(name).body
    secure.faults[at(name)] = broken.redirects_to(upstream.origin)
    for answers in (says_more, says_no_such_crate):
        answers(upstream, secure, name)
        answer = own.registry.index_file(name)
        assert (answer.status, answer.body) == (200, before), answers
        assert upstream.asked_for(at(name))


def test_config_over_http_is_not_believed(
    secure: SparseUpstream, upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """It says who gets the token, so no file is asked for until it comes over https."""
    for registry in (secure, upstream):
        registry.have(Crate(name))
    secure.faults[CONFIG] = broken.redirects_to(upstream.origin)
    with own.keeps_nothing(name):
        answer = own.registry.download(name)
        assert answer.status == 502, answer
        assert "upstream" in answer.detail
    assert [asked.path for asked in upstream.asked] == [CONFIG]
    secure.faults.clear()
    assert launcher.wait_for(lambda: own.registry.download(name).status == 200)
    assert [asked.path for asked in upstream.asked] == [CONFIG]


def test_file_over_http_is_compared(
    secure: SparseUpstream, upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """Its checksum came over https: the right bytes are served, others are not kept."""
    good, other = Crate(name), Crate(f"{name}-other")
    for crate in (good, other):
        secure.have(crate)
        upstream.have(crate)
        secure.faults[file_path(crate)] = broken.redirects_to(upstream.origin)
    upstream.pages[file_path(other)] = Page(other.packed()[::-1])
    with own.keeps_nothing(other.name):
        assert own.registry.download(other.name).status == 502
    assert own.registry.download(name).body == good.packed()
    assert own.keeps(f"{name} 1.0.0")
    assert upstream.paths(name) == [file_path(other), file_path(good)]
