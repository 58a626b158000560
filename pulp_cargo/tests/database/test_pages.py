"""What the page of a crate costs: as many queries for a hundred versions as for one."""

import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from pulp_cargo.tests.database.test_catalog import write

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoDistribution, CargoRepository, CrateContent


@pytest.fixture
def distribution(repository: "CargoRepository") -> "Iterator[CargoDistribution]":
    """A registry that serves the repository."""
    from pulp_cargo.app.models import CargoDistribution

    name = f"pages-{secrets.token_hex(4)}"
    made = CargoDistribution.objects.create(name=name, base_path=name, repository=repository)
    yield made
    made.delete()


def test_page_of_a_crate_needs_no_query_per_version(
    repository: "CargoRepository",
    distribution: "CargoDistribution",
    new_crate: "Callable[..., CrateContent]",
    sent: list[str],
) -> None:
    """Nor one per dependent crate: all are loaded together."""
    from pulp_cargo.app.endpoints.pages.crate import load_page
    from pulp_cargo.app.queries.registry.registry import registry_of
    from pulp_cargo.app.services.catalog.served import update
    from pulp_cargo.app.services.crates.contents import CrateContents

    name = f"page-{secrets.token_hex(3)}"
    counts = []
    for versions in ([0], range(1, 100)):
        write(repository, [new_crate(name, f"1.{minor}.0") for minor in versions])
        registry = registry_of(distribution)
        update(registry)
        sent.clear()
        page = load_page(registry, CrateContents(), name, None)
        counts.append(len(sent))
    assert len(page.versions) == 30 and page.versions_total == 100
    assert page.shown.details.vers == "1.99.0"
    assert page.previous == "1.98.0"
    assert counts[0] == counts[1] <= 12
