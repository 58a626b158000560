"""Syncs from upstreams that require a token (`auth-required`), and which hosts get it.

The files come on demand, by core's downloader, after the sync has ended.
"""

from collections.abc import Callable, Iterator

import pytest

from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.rest import Refused
from pulp_cargo.tests.support.sparse_upstream import FILES, SparseUpstream, at, file_path
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.upstream import basic

CopyOf = Callable[..., Copy]
TOKEN = "Bearer of-the-upstream"


@pytest.fixture
def private() -> Iterator[SparseUpstream]:
    """A registry without a listing that answers nobody without its token."""
    with sparse_upstream.running() as server:
        server.token = TOKEN
        server.configure(auth_required=True)
        yield server


@pytest.fixture
def elsewhere() -> Iterator[SparseUpstream]:
    """Another host."""
    with sparse_upstream.running() as server:
        yield server


def tokens(upstream: SparseUpstream) -> set[str | None]:
    """Return what came as Authorization."""
    return {asked.headers.get("authorization") for asked in upstream.asked}


@pytest.mark.parametrize("policy", ["on_demand", "streamed", "immediate"])
@pytest.mark.parametrize("selection", [{}, {"closure": True}], ids=["listing", "index"])
def test_private_registry_of_pulp_is_read_with_a_token(
    stack: Stack, copy_of: CopyOf, name: str, policy: str, selection: dict[str, bool]
) -> None:
    """By its listing and by its index; the copy's readers need no token of the upstream."""
    original = stack.make_registry(auth_required=True)
    crate = Crate(name)
    original.publish(crate)
    copy = copy_of(original.index_url, token=original.token, policy=policy)
    copy.sync(crates=[name], **selection)
    answer = copy.registry.download(name)
    assert (answer.status, answer.body) == (200, crate.packed())


@pytest.mark.faults
def test_without_the_token(stack: Stack, copy_of: CopyOf, name: str) -> None:
    """Neither the sync nor a later download works, and both say so."""
    original = stack.make_registry(auth_required=True)
    original.publish(Crate(name))
    with pytest.raises(Refused, match="401"):
        copy_of(original.index_url).sync(crates=[name])
    copy = copy_of(original.index_url, token=original.token)
    copy.sync(crates=[name])
    copy.rest.patch(copy.remote, token="wrong")
    answer = copy.registry.download(name)
    assert (answer.status, "www-authenticate" in answer.headers) == (502, False)
    assert f"did not send the file of `{name} 1.0.0`" in answer.detail


@pytest.mark.parametrize("auth_required", [False, True])
def test_token_for_files_on_another_host(
    private: SparseUpstream,
    elsewhere: SparseUpstream,
    copy_of: CopyOf,
    name: str,
    auth_required: bool,
) -> None:
    """Cargo sends it there only if config.json says `auth-required`, and so do downloads."""
    crate = Crate(name)
    private.have(crate)
    elsewhere.have(crate)
    private.configure(auth_required=auth_required, dl=f"{elsewhere.origin}{FILES}")
    copy = copy_of(private.index_url, token=TOKEN)
    copy.sync(crates=[name])
    assert copy.registry.download(name).body == crate.packed()
    assert tokens(elsewhere) == {TOKEN if auth_required else None}


def test_token_does_not_follow_a_redirect_elsewhere(
    private: SparseUpstream, elsewhere: SparseUpstream, copy_of: CopyOf, name: str
) -> None:
    """Not even to another port of the same host."""
    crate = Crate(name)
    private.have(crate)
    elsewhere.have(crate)
    private.faults[file_path(crate)] = broken.redirects_to(elsewhere.origin)
    copy = copy_of(private.index_url, token=TOKEN)
    copy.sync(crates=[name])
    assert copy.registry.download(name).body == crate.packed()
    assert elsewhere.paths(name) == [file_path(crate)]
    assert (tokens(private), tokens(elsewhere)) == ({TOKEN}, {None})


def test_host_of_files_loses_the_token_with_the_next_config(
    private: SparseUpstream, elsewhere: SparseUpstream, copy_of: CopyOf, name: str
) -> None:
    """A sync reads config.json again; another URL of the remote is another registry."""
    crate, other = Crate(name), Crate(f"{name}-b")
    for one in (crate, other):
        private.have(one)
        elsewhere.have(one)
    private.configure(auth_required=True, dl=f"{elsewhere.origin}{FILES}")
    copy = copy_of(private.index_url, token=TOKEN)
    copy.sync(crates=[name, other.name])
    private.configure(auth_required=False, dl=f"{elsewhere.origin}{FILES}")
    copy.sync(crates=[name])
    assert copy.registry.download(name).body == crate.packed()
    private.configure(auth_required=True, dl=f"{elsewhere.origin}{FILES}")
    copy.sync(crates=[name])
    copy.rest.patch(copy.remote, url=f"sparse+{private.origin}/other/")
    assert copy.registry.download(other.name).body == other.packed()
    assert tokens(elsewhere) == {None}


def test_host_of_files_that_differs_from_crate_to_crate(
    private: SparseUpstream, copy_of: CopyOf, name: str
) -> None:
    """No single host can be remembered for later downloads, so the files must come at once."""
    private.have(Crate(name))
    private.configure(auth_required=True, dl="http://{crate}.localhost/{version}")
    copy = copy_of(private.index_url, token=TOKEN)
    with pytest.raises(Refused, match="needs a token for its files, whose host differs"):
        copy.sync(crates=[name])


@pytest.mark.parametrize("policy", ["on_demand", "immediate"])
def test_files_with_a_user_and_password_of_their_own(
    private: SparseUpstream, elsewhere: SparseUpstream, copy_of: CopyOf, name: str, policy: str
) -> None:
    """A `dl` that contains them needs no token, and a request cannot have both."""
    crate = Crate(name)
    private.have(crate)
    elsewhere.have(crate)
    own = elsewhere.origin.replace("://", "://user:password@")
    private.configure(auth_required=True, dl=f"{own}{FILES}")
    copy = copy_of(private.index_url, token=TOKEN, policy=policy)
    copy.sync(crates=[name])
    assert copy.registry.download(name).body == crate.packed()
    assert tokens(elsewhere) == {basic("user", "password")}


def test_index_file_with_an_encoding_that_was_not_requested(
    private: SparseUpstream, copy_of: CopyOf, name: str
) -> None:
    """It is not read as if it were plain, which would refuse each of its lines."""
    private.have(Crate(name))
    private.faults[at(name)] = broken.other_encoding
    copy = copy_of(private.index_url, token=TOKEN)
    with pytest.raises(Refused, match="the encoding 'deflate', which was not requested"):
        copy.sync(crates=[name])
    assert copy.registry.index(name) == []
