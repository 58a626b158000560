"""A registry whose repository was deleted, or that never had one, does not look like an empty one."""

import time

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Answer, Registry, index_path
from pulp_cargo.tests.support.stack import Stack

SENTENCE = (
    "the registry `{}` has no repository to serve crates from; its administrator must assign one"
)
# How soon every process has to know.
SECONDS = 10


def _paths(name: str) -> list[str]:
    return [index_path(name), f"api/v1/crates/{name}/1.0.0/download"]


def _refused(registry: Registry, path: str) -> Answer:
    """Return the first 404: a process may answer as before until it has heard of the change."""
    deadline = time.monotonic() + SECONDS
    while (answer := registry.get(path)).status != 404 and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def test_deleting_the_repository_is_said_to_cargo(stack: Stack, name: str) -> None:
    """Index and downloads are a 404 with the reason, and what cargo is told of the URLs stays."""
    registry = stack.make_registry()
    registry.publish(Crate(name))
    assert [registry.get(path).status for path in _paths(name)] == [200, 200]
    stack.rest.delete(registry.repository)
    said = [_refused(registry, path).detail for path in _paths(name)]
    assert said == [SENTENCE.format(registry.name)] * 2
    assert registry.get("config.json").status == 200


def test_registry_gets_a_repository_again(stack: Stack, name: str) -> None:
    """From then on it is a registry like others."""
    other = stack.make_registry()
    other.publish(Crate(name))
    bare = stack.make_registry(allow_uploads=False)
    stack.rest.set(bare.href, repository=None)
    assert _refused(bare, index_path(name)).detail == SENTENCE.format(bare.name)
    stack.rest.set(bare.href, repository=other.repository)
    deadline = time.monotonic() + SECONDS
    while bare.get(index_path(name)).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("there", ["repository", "version"])
def test_an_empty_registry_has_no_crate(stack: Stack, name: str, there: str) -> None:
    """With a repository, or one version of it, the sentence is about the crate."""
    registry = stack.make_registry(allow_uploads=False)
    if there == "version":
        version = stack.rest.get(registry.repository)["latest_version_href"]
        stack.rest.set(registry.href, repository=None, repository_version=version)
    said = [registry.get(path) for path in _paths(name)]
    assert [answer.status for answer in said] == [404, 404]
    assert all(f"`{name}`" in answer.detail for answer in said)
