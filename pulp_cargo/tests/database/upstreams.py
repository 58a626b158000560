"""Lists of upstreams for tests in this process; the fixtures are made known by `conftest`."""

import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoRepository
    from pulp_cargo.app.queries.registry.registry import Registry

    NewRepository = Callable[..., CargoRepository]
    NewRemote = Callable[..., CargoRemote]
    NewList = Callable[..., CargoDistribution]

FAR = "sparse+https://crates.example.org/"


def registry_of(distribution: "CargoDistribution") -> "Registry":
    """Look a registry up as the content app does."""
    from pulp_cargo.app.queries.registry import registry

    found = registry.find("default", f"{distribution.base_path}/config.json")
    assert found is not None
    return found


@pytest.fixture
def made(new_repository: "NewRepository") -> Iterator[list[Any]]:
    """What is deleted after the test, before the repositories are."""
    objects: list[Any] = []
    yield objects
    for one in reversed(objects):
        one.delete()


@pytest.fixture
def new_remote(made: list[Any]) -> "NewRemote":
    """Makes remotes."""
    from pulp_cargo.app.models import CargoRemote

    def make(url: str = FAR) -> "CargoRemote":
        made.append(CargoRemote.objects.create(name=f"db-{secrets.token_hex(5)}", url=url))
        return made[-1]

    return make


@pytest.fixture
def new_distribution(made: list[Any]) -> "NewList":
    """Makes distributions, with upstreams by their names where these are given."""
    from pulp_cargo.app.models import CargoDistribution
    from pulp_cargo.app.services import upstream_list

    def make(entries: dict[str, dict[str, Any]] | None = None, **fields: Any) -> Any:
        name = f"db-{secrets.token_hex(5)}"
        made.append(CargoDistribution.objects.create(name=name, base_path=name, **fields))
        listed = [{"name": name, "patterns": ["*"]} | one for name, one in (entries or {}).items()]
        upstream_list.replace(made[-1], listed, None)
        return made[-1]

    return make
