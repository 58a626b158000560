"""How often the upstream is asked for an index file, and with what (RFC 9110, 13; RFC 9111)."""

import time

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, at

DATE = "Fri, 02 Jan 2026 03:04:05 GMT"


def sent(upstream: SparseUpstream, name: str) -> list[tuple[str | None, str | None]]:
    """Return the validators in the requests for an index file."""
    return [
        (asked.headers.get("if-none-match"), asked.headers.get("if-modified-since"))
        for asked in upstream.asked_for(at(name))
    ]


@pytest.mark.parametrize("tag", ['"a-tag"', 'W/"weak"', "unquoted"])
def test_tag_of_the_upstream_is_sent_back(
    upstream: SparseUpstream, cache: Cache, name: str, tag: str
) -> None:
    """As it came; 304 means that what we have is right."""
    upstream.have(Crate(name))
    upstream.index(name, upstream.pages[at(name)].body, ETag=tag)
    bodies = {cache.registry.index_file(name).body for _ in range(3)}
    assert bodies == {upstream.pages[at(name)].body}
    assert sent(upstream, name) == [(None, None), (tag, None), (tag, None)]


def test_date_of_the_upstream_is_sent_back(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """Where there is no tag."""
    upstream.have(Crate(name))
    upstream.index(name, upstream.pages[at(name)].body, Last_Modified=DATE)
    for _ in range(2):
        assert cache.registry.index_file(name).status == 200
    assert sent(upstream, name) == [(None, None), (None, DATE)]


def test_upstream_without_validators(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """It is asked for the whole file again, and every change is seen."""
    upstream.have(Crate(name))
    upstream.index(name, upstream.pages[at(name)].body, Content_Type="text/plain")
    tag = cache.registry.index_file(name).headers["etag"]
    assert cache.registry.index_file(name, If_None_Match=tag).status == 304
    assert sent(upstream, name) == [(None, None)] * 2
    upstream.have(Crate(name), Crate(name, "1.1.0"))
    assert len(cache.registry.index(name)) == 2


def test_client_is_answered_304_by_our_tag(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """The tag changes with the bytes, and only with them."""
    upstream.have(Crate(name))
    tag = cache.registry.index_file(name).headers["etag"]
    again = cache.registry.index_file(name, If_None_Match=tag)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    upstream.index(name, upstream.pages[at(name)].body, ETag='"new-tag-of-the-same"')
    assert cache.registry.index_file(name, If_None_Match=tag).status == 304
    upstream.have(Crate(name), yanked=True)
    changed = cache.registry.index_file(name, If_None_Match=tag)
    assert changed.status == 200
    assert changed.headers["etag"] != tag
    assert cache.registry.entry(name)["yanked"] is True


def test_upstream_is_not_asked_before_the_age(
    upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """Neither for the file, nor for a change."""
    upstream.have(Crate(name))
    cache = cache_of(upstream, index_max_age=3600)
    cache.registry.index(name)
    upstream.have(Crate(name), Crate(name, "1.1.0"))
    assert {len(cache.registry.index(name)) for _ in range(5)} == {1}
    assert len(upstream.asked_for(at(name))) == 1


def test_change_of_the_upstream_shows_after_the_age(
    upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """New versions and yanks."""
    upstream.have(Crate(name))
    cache = cache_of(upstream, index_max_age=1)
    cache.registry.index(name)
    upstream.have(Crate(name), Crate(name, "1.1.0"), yanked=True)
    assert launcher.wait_for(lambda: len(cache.registry.index(name)) == 2)
    assert [entry["yanked"] for entry in cache.registry.index(name)] == [True, True]


def test_age_is_the_remotes_and_can_be_changed(
    upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """A change holds at once, for files that are there as well."""
    upstream.have(Crate(name))
    cache = cache_of(upstream, index_max_age=3600)
    cache.registry.index(name)
    upstream.have(Crate(name), Crate(name, "1.1.0"))
    cache.change(index_max_age=0)
    assert len(cache.registry.index(name)) == 2


def test_missing_crate_is_remembered(
    upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """Cargo asks for each spelling of each name, and again in every build."""
    cache = cache_of(upstream, index_max_age=3600)
    for _ in range(5):
        assert cache.registry.index_file(name).status == 404
    assert len(upstream.asked_for(at(name))) == 1


def test_missing_crate_is_forgotten(upstream: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """After the age of index files at the latest, a new crate is there."""
    cache = cache_of(upstream, index_max_age=1)
    assert cache.registry.index_file(name).status == 404
    upstream.have(Crate(name))
    assert launcher.wait_for(lambda: cache.registry.index_file(name).status == 200)


def test_crate_that_the_upstream_has_no_longer(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """It is 404 here, too, and comes back with its file."""
    upstream.have(Crate(name))
    assert cache.registry.index(name)
    upstream.lose(name)
    assert cache.registry.index_file(name).status == 404
    upstream.have(Crate(name))
    # A 404 may be remembered for a moment.
    assert launcher.wait_for(lambda: bool(cache.registry.index(name)))


def test_other_url_of_the_remote_is_another_registry(
    upstream: SparseUpstream, elsewhere: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """Nothing of the old one's index is served."""
    upstream.have(Crate(name))
    elsewhere.have(Crate(name, "2.0.0"))
    cache = cache_of(upstream, index_max_age=3600)
    assert cache.registry.entry(name)["vers"] == "1.0.0"
    cache.change(url=elsewhere.index_url)
    assert cache.registry.entry(name, "2.0.0")
    time.sleep(0.1)
    assert len(cache.registry.index(name)) == 1


def test_two_caches_of_one_remote_share_what_is_known(
    upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """The index files are the remote's."""
    upstream.have(Crate(name))
    cache = cache_of(upstream, index_max_age=3600)
    second = cache.stack.make_registry(remote=cache.remote, allow_uploads=False)
    assert cache.registry.index(name) == second.index(name)
    assert len(upstream.asked_for(at(name))) == 1
