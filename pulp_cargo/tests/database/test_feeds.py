"""The news of registries that have their crates from several repositories."""

import dataclasses
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from pulp_cargo.tests.database.test_catalog import write
from pulp_cargo.tests.database.upstreams import registry_of

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoDistribution, CargoRepository, CrateContent
    from pulp_cargo.app.queries.registry.registry import Registry


def found(registry: "Registry", query: str, **wanted: Any) -> list[tuple[str, str | None]]:
    """Name and version of what is new."""
    from pulp_cargo.app.queries import feeds as queries
    from pulp_cargo.app.services.catalog import feeds, served

    served.update(registry)
    asked = partial(getattr(queries, query), **{"limit": 10} | wanted)
    return [(one.name, one.vers) for one in feeds.news(registry, asked)]


def test_a_crate_is_that_of_the_first_upstream(
    new_repository: Callable[..., "CargoRepository"],
    new_crate: Callable[..., "CrateContent"],
    new_distribution: Callable[..., "CargoDistribution"],
) -> None:
    """Its namesake further down is in no feed, however new it is."""
    name = f"feed-{secrets.token_hex(3)}"
    ours, theirs = new_repository(), new_repository()

    def unit(name: str, day: int, vers: str = "1.0.0") -> Any:
        made = new_crate(name, vers)
        made.pubtime = datetime(2026, 3, day, tzinfo=UTC)
        made.save()
        return made

    write(ours, [unit(f"{name}-a", 1), unit(f"{name}-b", 3)])
    write(
        theirs,
        [unit(f"{name}_a", 5, "9.0.0"), unit(f"{name}-c", 2), unit(f"{name}-c", 4, "2.0.0")],
    )
    entries = {"ours": {"repository": ours}, "theirs": {"repository": theirs, "private": False}}
    registry = registry_of(new_distribution(entries))
    assert found(registry, "newest_crates") == [
        (f"{name}-b", None),
        (f"{name}-c", None),
        (f"{name}-a", None),
    ]
    versions = [
        (f"{name}-c", "2.0.0"),
        (f"{name}-b", "1.0.0"),
        (f"{name}-c", "1.0.0"),
        (f"{name}-a", "1.0.0"),
    ]
    assert found(registry, "newest_versions") == versions
    assert found(registry, "newest_versions", limit=2) == versions[:2]
    canonical = name.replace("-", "_")
    assert found(registry, "newest_versions_of", name=f"{canonical}_a") == [versions[3]]
    assert found(registry, "newest_versions_of", name=f"{canonical}_c") == [
        versions[0],
        versions[2],
    ]
    assert found(registry, "newest_versions_of", name=f"{canonical}_d") == []


def test_a_deleted_version_is_looked_up_again(
    repository: "CargoRepository",
    new_crate: Callable[..., "CrateContent"],
    new_distribution: Callable[..., "CargoDistribution"],
) -> None:
    """The caller is told that the registry serves another version by now."""
    from pulp_cargo.app.queries.repository.membership import VersionGone

    write(repository, [new_crate(f"feed-{secrets.token_hex(3)}")])
    registry = registry_of(new_distribution(repository=repository))
    gone = registry.at_version(uuid4(), 99)
    with pytest.raises(VersionGone):
        found(gone, "newest_crates")


def test_tag_changes_with_what_is_served(
    repository: "CargoRepository",
    new_crate: Callable[..., "CrateContent"],
    new_distribution: Callable[..., "CargoDistribution"],
) -> None:
    """And with the rules by which upstreams answer; each feed has its own."""
    from pulp_cargo.app.services.catalog.feeds import tag
    from pulp_cargo.rules.upstream_order import Order

    distribution = new_distribution(repository=repository)
    before = registry_of(distribution)
    tags = {tag(before, "rss/crates.xml"), tag(before, "rss/updates.xml")}
    assert tag(registry_of(distribution), "rss/crates.xml") in tags
    write(repository, [new_crate(f"feed-{secrets.token_hex(3)}")])
    after = registry_of(distribution)
    tags.add(tag(after, "rss/crates.xml"))
    ordered = dataclasses.replace(after.upstreams, order=Order((), reserved=("acme-*",)))
    tags.add(tag(dataclasses.replace(after, upstreams=ordered), "rss/crates.xml"))
    assert len(tags) == 4
