"""A registry whose list of upstreams each test sets, and what to put into it."""

import functools
from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.cache import IMPATIENT, REMOTES, Cache
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, REPOSITORIES, Stack

Entry = dict[str, Any]

PLAIN = {
    "repository": None,
    "allow_uploads": False,
    "reserved_names": [],
    "mixed_names": [],
    "auth_required": False,
    "crate_policy": None,
}


class ListOf(Protocol):
    """Sets the list of upstreams of the registry that tests share."""

    def __call__(self, *entries: Entry, place: Registry | None = None, **fields: Any) -> Registry:
        """Return the registry with just these; `place` is whose repository takes its uploads."""


class StoreOf(Protocol):
    """Has remotes with their stores."""

    def __call__(self, upstream: SparseUpstream, **remote: Any) -> Cache:
        """Return a remote and a repository, which need not be in any registry."""


def ours(registry: Registry, **fields: Any) -> Entry:
    """Return the entry of a registry's repository: a private one, unless a field says otherwise."""
    return {"name": "ours", "repository": registry.repository, **fields}


def theirs(store: Cache, **fields: Any) -> Entry:
    """Return the entry of a remote with its store."""
    kept = store.registry
    return {"name": kept.name, "remote": store.remote, "repository": kept.repository, **fields}


def new_list(stack: Stack, *entries: Entry) -> Registry:
    """Make a registry of these upstreams, or of none yet."""
    name = unique("list")
    made = stack.rest.need(DISTRIBUTIONS, name=name, base_path=name, upstreams=list(entries))
    return Registry(name, made["base_url"], stack.registry.token, made["pulp_href"])


def versions(registry: Registry, name: str, **kind: Any) -> list[str]:
    """Return the versions in a crate's index file."""
    return [entry["vers"] for entry in registry.index(name, **kind)]


def downloads(upstream: SparseUpstream, name: str) -> list[str]:
    """Return the paths of the files that an upstream was asked for."""
    return [path for path in upstream.paths(name) if path.endswith("/download")]


@pytest.fixture(scope="session")
def list_of(stack: Stack) -> ListOf:
    """Sets what one registry has its crates from: to make another takes longer than most tests."""
    lasting = new_list(stack)
    now: Entry = {}

    def change(*entries: Entry, place: Registry | None = None, **fields: Any) -> Registry:
        uploads = {"repository": place.repository, "allow_uploads": True} if place else {}
        wanted = {**PLAIN, **uploads, **fields, "upstreams": list(entries)}
        if wanted != now:
            stack.rest.set(lasting.href, **wanted)
            now.update(wanted)
        return lasting

    return change


@pytest.fixture
def new_store_of(stack: Stack) -> StoreOf:
    """Makes remotes whose index files are old at once, and that keep what was asked for."""
    return functools.partial(_new_store, stack)


@pytest.fixture(scope="session")
def store_of(stack: Stack) -> StoreOf:
    """Returns those that tests share, who break nothing."""
    made: dict[str, Cache] = {}

    def find(upstream: SparseUpstream, **remote: Any) -> Cache:
        key = f"{upstream.index_url} {sorted(remote.items())}"
        return made.get(key) or made.setdefault(key, _new_store(stack, upstream, **remote))

    return find


@pytest.fixture(scope="session")
def private(stack: Stack) -> Registry:
    """A registry of our own crates."""
    return stack.make_registry()


@pytest.fixture(scope="session")
def second_lasting() -> Iterator[SparseUpstream]:
    """An upstream registry beside the first, for all tests."""
    with sparse_upstream.running() as server:
        yield server


@pytest.fixture
def elsewhere(second_lasting: SparseUpstream) -> SparseUpstream:
    """The same without crates."""
    second_lasting.forget()
    return second_lasting


def _new_store(stack: Stack, upstream: SparseUpstream, **remote: Any) -> Cache:
    name = unique("up")
    wanted = {"url": upstream.index_url, "policy": "on_demand", **IMPATIENT, **remote}
    made = stack.rest.need(REMOTES, name=name, **wanted)["pulp_href"]
    repository = stack.rest.need(REPOSITORIES, name=name)["pulp_href"]
    return Cache(stack, made, Registry(name, "", None, repository=repository))
