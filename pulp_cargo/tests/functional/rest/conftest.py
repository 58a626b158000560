"""A Pulp to talk to, and the objects that most tests begin with."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pulp_cargo.tests.functional.rest.world import World, make_world
from pulp_cargo.tests.support import run
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture(scope="session")
def rest(stack: Stack) -> Rest:
    """The REST API as the administrator sees it."""
    return stack.rest


@pytest.fixture(scope="session")
def described(rest: Rest) -> str:
    """The OpenAPI document of the plugin as text, for which Pulp takes a second."""
    wanted = {"component": "cargo", "pk_path": 1}
    return run.shared("schema.json", lambda: json.dumps(rest.get("docs/api.json", **wanted)))


@pytest.fixture
def document(described: str) -> dict[str, Any]:
    """The OpenAPI document of the plugin, with ids instead of hrefs in its paths."""
    found: dict[str, Any] = json.loads(described)
    return found


@pytest.fixture
def repository(rest: Rest) -> dict[str, Any]:
    """An empty repository."""
    return rest.need("repositories/cargo/cargo/", name=unique("repo"))


@pytest.fixture
def registry(rest: Rest, repository: dict[str, Any]) -> dict[str, Any]:
    """A distribution of the repository."""
    name = unique("registry")
    return rest.need(
        "distributions/cargo/cargo/",
        name=name,
        base_path=name,
        repository=repository["pulp_href"],
    )


@pytest.fixture
def world(stack: Stack, name: str) -> World:
    """Objects of each kind, with something in each."""
    return make_world(stack, name)


@pytest.fixture
def current(rest: Rest, repository: dict[str, Any]) -> Callable[[str], list[dict[str, Any]]]:
    """What the newest version of the repository holds: `current("crates")`, `current("yanks")`."""

    def content(kind: str) -> list[dict[str, Any]]:
        version = rest.get(repository["pulp_href"])["latest_version_href"]
        return rest.list(f"content/cargo/{kind}/", repository_version=version)

    return content
