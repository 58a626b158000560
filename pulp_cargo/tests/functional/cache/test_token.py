"""Upstreams that want a token (`auth-required`), and who gets to see it."""

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.sparse_upstream import FILES, SparseUpstream, at, file_path
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.upstream import basic

TOKEN = "Bearer of-the-upstream"


@pytest.fixture
def private(upstream: SparseUpstream) -> SparseUpstream:
    """An upstream that answers nobody without its token, not even for config.json."""
    upstream.token = TOKEN
    upstream.configure(auth_required=True)
    return upstream


def tokens(upstream: SparseUpstream) -> set[str | None]:
    """Return what came as Authorization."""
    return {asked.headers.get("authorization") for asked in upstream.asked}


def test_token_is_sent_as_it_is(private: SparseUpstream, cache_of: CacheOf, name: str) -> None:
    """For index and files; a client needs none of its own."""
    crate = Crate(name)
    private.have(crate)
    cache = cache_of(private, token=TOKEN)
    assert cache.registry.entry(name)["cksum"] == crate.cksum()
    assert cache.registry.download(name).body == crate.packed()
    for path in (at(name), file_path(crate)):
        (asked,) = [one for one in private.asked_for(path) if "authorization" in one.headers]
        assert asked.headers["authorization"] == TOKEN


@pytest.mark.faults
@pytest.mark.parametrize("token", [None, "wrong"])
def test_without_the_right_token(
    private: SparseUpstream, cache_of: CacheOf, name: str, token: str | None
) -> None:
    """A 5xx with a sentence, never a 401: cargo would blame its user's own token."""
    private.have(Crate(name))
    cache = cache_of(private, token=token)
    with cache.keeps_nothing(name):
        for answer in (cache.registry.index_file(name), cache.registry.download(name)):
            assert answer.status == 502
            assert "upstream" in answer.detail
            assert "www-authenticate" not in answer.headers
    cache.change(token=TOKEN)
    assert launcher.wait_for(lambda: cache.registry.index_file(name).status == 200)
    assert cache.registry.download(name).body == Crate(name).packed()


@pytest.mark.parametrize("credential", [{"token": TOKEN}, {"username": "u", "password": "p"}])
def test_files_with_a_user_and_password_of_their_own(
    upstream: SparseUpstream, cache_of: CacheOf, name: str, credential: dict[str, str]
) -> None:
    """A `dl` that contains them needs no other credential, and a request cannot have both."""
    crate = Crate(name)
    upstream.have(crate)
    own = upstream.origin.replace("://", "://user:password@")
    upstream.configure(auth_required="token" in credential, dl=f"{own}{FILES}")
    cache = cache_of(upstream, **credential)
    assert cache.registry.download(name).body == crate.packed()
    (asked,) = upstream.asked_for(file_path(crate))
    assert asked.headers["authorization"] == basic("user", "password")


@pytest.mark.parametrize("what", ["index", "file"])
def test_token_does_not_follow_a_redirect_elsewhere(
    private: SparseUpstream, elsewhere: SparseUpstream, cache_of: CacheOf, name: str, what: str
) -> None:
    """Not even to another port of the same host; what is there may be signed otherwise."""
    crate = Crate(name)
    private.have(crate)
    elsewhere.have(crate)
    path = at(name) if what == "index" else file_path(crate)
    private.faults[path] = broken.redirects_to(elsewhere.origin)
    cache = cache_of(private, token=TOKEN)
    assert cache.registry.download(name).body == crate.packed()
    assert elsewhere.paths(name) == [path]
    assert tokens(elsewhere) == {None}


def test_token_follows_a_redirect_within_the_host(
    private: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """As cargo has it."""
    crate = Crate(name)
    private.have(crate)
    private.pages["/moved"] = private.pages[file_path(crate)]
    private.faults[file_path(crate)] = broken.says(302, Location="/moved")
    assert cache_of(private, token=TOKEN).registry.download(name).body == crate.packed()


@pytest.mark.parametrize("auth_required", [False, True])
def test_token_for_files_on_another_host(
    upstream: SparseUpstream,
    elsewhere: SparseUpstream,
    cache_of: CacheOf,
    name: str,
    auth_required: bool,
) -> None:
    """Cargo shows it there only if config.json says `auth-required`, and so do we."""
    crate = Crate(name)
    upstream.have(crate)
    elsewhere.have(crate)
    upstream.configure(auth_required=auth_required, dl=f"{elsewhere.origin}/files")
    assert cache_of(upstream, token=TOKEN).registry.download(name).body == crate.packed()
    assert tokens(elsewhere) == {TOKEN if auth_required else None}


def test_name_and_password_of_the_remote(
    upstream: SparseUpstream, elsewhere: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """As all remotes of Pulp have them: sent to the upstream, and not elsewhere."""
    crate = Crate(name)
    upstream.token = "Basic bWU6cHc="
    upstream.have(crate)
    elsewhere.have(crate)
    upstream.faults[file_path(crate)] = broken.redirects_to(elsewhere.origin)
    cache = cache_of(upstream, username="me", password="pw")
    assert cache.registry.download(name).body == crate.packed()
    assert tokens(elsewhere) == {None}


def test_token_is_never_shown(stack: Stack, private: SparseUpstream, cache_of: CacheOf) -> None:
    """The REST API says whether there is one; in the database it is encrypted."""
    cache: Cache = cache_of(private, token=TOKEN)
    shown = cache.rest.get(cache.remote)
    assert TOKEN not in str(shown)
    assert {"name": "token", "is_set": True} in shown["hidden_fields"]
    with stack.connect() as connection:
        stored = connection.execute("SELECT token FROM cargo_cargoremote").fetchall()
    assert any(token for (token,) in stored)
    assert not any(TOKEN in (token or "") for (token,) in stored)


def test_private_crates_stay_private(
    stack: Stack, private: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """A cache may ask for a token of ours, and only that lets people in."""
    private.have(Crate(name))
    cache = cache_of(private, token=TOKEN, distribution={"auth_required": True})
    ours = stack.make_token()
    assert cache.registry.download(name, token=TOKEN).status == 401
    assert cache.registry.download(name, token=ours).status == 200
    assert ours not in tokens(private)
