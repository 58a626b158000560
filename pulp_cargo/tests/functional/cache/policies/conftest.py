"""A cache whose remote has the crate policy that a test gives it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from pulp_cargo.tests.support.cache import Cache, make_cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.exchange import Page
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, file_path, index_line
from pulp_cargo.tests.support.stack import Stack

POLICIES = "cargo/crate-policies/"


class Policy(Protocol):
    """Makes crate policies."""

    def __call__(self, **rules: Any) -> dict[str, Any]:
        """Return a policy with these rules."""


class Ruled(Protocol):
    """Puts the cache under rules."""

    def __call__(self, **rules: Any) -> dict[str, Any]:
        """Return the policy that its remote has from now on."""


def have(upstream: SparseUpstream, *versions: tuple[Crate, dict[str, Any]]) -> None:
    """Have these versions of a crate, each with changes of its line; None is left out of it."""
    lines = []
    for crate, changes in versions:
        line = index_line(crate, upstream.index_url) | changes
        lines.append(json.dumps({key: value for key, value in line.items() if value is not None}))
        upstream.pages[file_path(crate)] = Page(crate.packed(upstream.index_url))
    upstream.index(versions[0][0].name, "".join(f"{line}\n" for line in lines).encode())


def ago(**time: float) -> dict[str, str]:
    """Return the change of a line that makes a version so old."""
    return {"pubtime": moment(-timedelta(**time))}


def moment(after: timedelta) -> str:
    """Return when that will be, to the second, as index lines and policies have it."""
    return (datetime.now(UTC) + after).strftime("%Y-%m-%dT%H:%M:%SZ")


def versions(registry: Registry, name: str) -> list[str]:
    """Return the versions in a crate's index file."""
    return [entry["vers"] for entry in registry.index(name)]


def refusal(registry: Registry, name: str, vers: str = "1.0.0") -> str:
    """Return the sentence of the 403 that a download must get."""
    answer = registry.download(name, vers)
    assert answer.status == 403, answer
    return answer.detail


def lines(*crates: str, **fields: str) -> list[dict[str, str]]:
    """Return lines of a list of crates, all with these fields."""
    return [{"crate": crate, **fields} for crate in crates]


def records(stack: Stack, policy: dict[str, Any], name: str) -> Iterable[tuple[Any, ...]]:
    """Return what was recorded of a crate: version, rule, whether it was a dry run, how often."""
    found = stack.rest.list(f"{policy['pulp_href']}held/", name=name)
    return sorted((one["vers"], one["rule"], one["dry_run"], one["times"]) for one in found)


@pytest.fixture(scope="session")
def lasting_cache(stack: Stack, lasting: SparseUpstream) -> Cache:
    """A cache that only tests of policies use, whose index files stay in memory."""
    return make_cache(stack, lasting.index_url, index_max_age=3600)


@pytest.fixture
def cache(lasting_cache: Cache, upstream: SparseUpstream) -> Cache:
    """The same without a policy."""
    lasting_cache.change(crate_policy=None)
    return lasting_cache


@pytest.fixture
def policy(stack: Stack) -> Policy:
    """Makes policies."""
    return lambda **rules: stack.rest.need(POLICIES, name=unique("policy"), **rules)


@pytest.fixture
def ruled(cache: Cache, policy: Policy) -> Ruled:
    """Gives the remote a policy."""

    def rule(**rules: Any) -> dict[str, Any]:
        made = policy(**rules)
        cache.change(crate_policy=made["pulp_href"])
        return made

    return rule
