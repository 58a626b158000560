"""Which URLs mean a registry."""

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository


def test_every_origin_of_this_pulp_names_the_registry(
    repository: "CargoRepository", monkeypatch: pytest.MonkeyPatch
) -> None:
    """CARGO_ORIGIN_ALIASES lists the other origins under which people reach it."""
    from pulp_cargo.app.models import CargoDistribution
    from pulp_cargo.app.queries.registry import own_urls as urls

    origins = SimpleNamespace(
        CONTENT_ORIGIN="https://crates.example", CARGO_ORIGIN_ALIASES=["https://old.example:8443/"]
    )
    monkeypatch.setattr(urls, "settings", origins)
    distribution = CargoDistribution.objects.create(
        name=repository.name, base_path=repository.name, repository=repository
    )
    try:
        assert urls.own_urls(repository) == {
            f"sparse+https://crates.example/pulp/cargo/{repository.name}/",
            f"sparse+https://old.example:8443/pulp/cargo/{repository.name}/",
        }
    finally:
        distribution.delete()
