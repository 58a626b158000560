"""An upstream registry that a test fills, and a registry that copies it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.functional.copies.replication import upstream_at
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.front import one_origin
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack, started
from pulp_cargo.tests.support.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Copy:
    """A registry whose repository is synced with a remote."""

    rest: Rest
    remote: str
    registry: Registry

    def sync(self, **wanted: Any) -> dict[str, Any]:
        """Sync, and return the task; raises Refused."""
        return self.rest.post(f"{self.registry.repository}sync/", **wanted)

    @property
    def version(self) -> int:
        """The number of the newest repository version."""
        newest = self.rest.get(self.registry.repository)["latest_version_href"]
        return int(newest.rstrip("/").rpartition("/")[2])


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An upstream registry with nothing in it, not even a listing."""
    with fake.running() as server:
        yield server


@pytest.fixture
def copy_of(stack: Stack) -> Callable[..., Copy]:
    """Makes registries that copy one with an index URL; further fields are the remote's."""

    def make(index_url: str, **fields: Any) -> Copy:
        wanted = {"name": unique("up"), "url": index_url, "policy": "on_demand", **fields}
        remote = stack.rest.need("remotes/cargo/cargo/", **wanted)["pulp_href"]
        registry = stack.make_registry(repository={"remote": remote}, allow_uploads=False)
        return Copy(stack.rest, remote, registry)

    return make


@pytest.fixture(scope="session")
def rest(stack: Stack) -> Rest:
    """The REST API as the administrator sees it."""
    return stack.rest


@pytest.fixture(scope="package")
def second(open_directory: Path) -> Iterator[Stack]:
    """A Pulp of its own, which follows the other."""
    with started(open_directory / "second") as own:
        yield own


@pytest.fixture
def label(stack: Stack) -> str:
    """A label for the distributions that a test lets be replicated."""
    return unique("set").replace("-", "_")


@pytest.fixture
def origin(stack: Stack) -> Iterator[str]:
    """The one origin at which the first Pulp has both its API and its registries."""
    with one_origin(stack.ready) as front:
        yield front


@pytest.fixture
def upstream_pulp(stack: Stack, second: Stack, label: str) -> str:
    """The first Pulp as the second one knows it; only what has the label is replicated."""
    return upstream_at(stack.ready["api_url"], stack, second, label)
