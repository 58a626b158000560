"""The catalog of a repository says what its served version has, however the repository changed."""

import random
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository, CrateContent

Row = tuple[str, str, int, bool]


def described(repository: UUID, version: UUID, *, pinned: bool = False) -> set[Row]:
    """The name, `max_version`, number of versions and `yanked` of each crate, by the catalog."""
    from pulp_cargo.app.models import CatalogCrate
    from pulp_cargo.app.queries.catalog import Content
    from pulp_cargo.app.services.catalog.refresh import catalog_of

    catalog = catalog_of(Content(repository, version, pinned))
    columns = ("name", "max_version", "num_versions", "yanked")
    return set(CatalogCrate.objects.filter(catalog=catalog).values_list(*columns))


def write(
    repository: "CargoRepository", added: "list[Any]", removed: "list[Any] | None" = None
) -> UUID:
    """Write a version by the plugin's own statements, and return its id."""
    from pulp_cargo.app.models import version_rows
    from pulp_cargo.app.models.repository import lock
    from pulp_cargo.app.queries.repository import head as heads

    with transaction.atomic():
        lock(repository.pk)
        head = heads.read(repository.pk, heads.ask(repository.pk))
        assert head is not None
        return version_rows.write(
            repository.pk,
            head.version,
            head.next_number,
            added=[unit.pk for unit in added],
            removed=[unit.pk for unit in removed or []],
        ).pk


def yank(name: str, vers: str) -> Any:
    """Save a yank mark."""
    from pulp_cargo.app.models import CrateYank

    canonical = name.lower().replace("-", "_")
    return CrateYank.objects.get_or_create(canonical_name=canonical, vers=vers)[0]


def test_crate_is_described_by_its_default_version(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """The highest release describes a crate; the one published last is its newest."""
    from pulp_cargo.app.models import CatalogCrate
    from pulp_cargo.app.queries.catalog import Content
    from pulp_cargo.app.services.catalog.refresh import catalog_of

    name = f"Cat-{secrets.token_hex(3)}"
    units = [
        new_crate(name, "1.10.0", description="The tenth", keywords=["ten"]),
        new_crate(name, "1.9.0", description="The ninth"),
        new_crate(name, "2.0.0-rc.1", description="A candidate"),
    ]
    version = write(repository, units)
    crate = CatalogCrate.objects.get(catalog=catalog_of(Content(repository.pk, version, False)))
    assert (crate.name, crate.canonical_name) == (name, name.lower().replace("-", "_"))
    assert (crate.default_version, crate.description) == ("1.10.0", "The tenth")
    assert (crate.max_version, crate.max_stable) == ("2.0.0-rc.1", "1.10.0")
    assert (crate.newest_version, crate.num_versions) == ("2.0.0-rc.1", 3)
    assert (crate.unit, crate.keywords, crate.yanked) == (units[0].pk, ["ten"], False)
    assert crate.created_at == units[0].pubtime
    assert crate.updated_at == units[2].pubtime


def test_yanks_and_removals_change_what_is_described(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """A crate with yanked versions alone stays, one without versions goes."""
    name = f"cat-{secrets.token_hex(3)}"
    one, two = new_crate(name, "1.0.0"), new_crate(name, "2.0.0")
    mark, other = yank(name, "2.0.0"), yank(name, "1.0.0")
    version = write(repository, [one, two])
    assert described(repository.pk, version) == {(name, "2.0.0", 2, False)}
    version = write(repository, [mark])
    assert described(repository.pk, version) == {(name, "1.0.0", 2, False)}
    version = write(repository, [other])
    assert described(repository.pk, version) == {(name, "", 2, True)}
    version = write(repository, [], [mark, two, other])
    assert described(repository.pk, version) == {(name, "1.0.0", 1, False)}
    version = write(repository, [], [one])
    assert described(repository.pk, version) == set()


def test_any_history_ends_with_the_same_catalog(
    new_repository: Callable[..., "CargoRepository"], new_crate: Callable[..., "CrateContent"]
) -> None:
    """Asked for now and then, between clean-ups and deletions, it says what one made anew says."""
    from pulp_cargo.app.models import CrateCatalog, retention

    for seed in range(5):
        dice = random.Random(seed)
        names = [f"cat-{secrets.token_hex(3)}" for _ in range(4)]
        units = [new_crate(name, vers) for name in names for vers in ("1.0.0", "1.1.0")]
        repository = new_repository()
        members: set[Any] = set()
        for step in range(40):
            changed = set(dice.sample(units, dice.randint(1, 3)))
            version = write(repository, list(changed - members), list(changed & members))
            members ^= changed
            if dice.random() < 0.3:
                there = described(repository.pk, version)
                assert {name for name, *_ in there} == {unit.name for unit in members}
            if dice.random() < 0.2:
                repository.retain_repo_versions = dice.randint(1, 4)
                retention.trim(repository)
            others = list(repository.versions.complete().exclude(pk=version))
            if step % 13 == 12 and others:
                dice.choice(others).delete()
        updated = described(repository.pk, version)
        CrateCatalog.objects.filter(repository=repository).delete()
        assert described(repository.pk, version) == updated


def test_newest_version_that_is_deleted(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """A roll-back by deletion takes what the deleted version had out of the catalog."""
    from pulpcore.plugin.models import RepositoryVersion

    names = [f"cat-{secrets.token_hex(3)}" for _ in range(2)]
    first = write(repository, [new_crate(names[0])])
    second = write(repository, [new_crate(names[1])])
    assert {row[0] for row in described(repository.pk, second)} == set(names)
    RepositoryVersion.objects.get(pk=second).delete()
    assert {row[0] for row in described(repository.pk, first)} == {names[0]}


def test_pinned_version_has_a_catalog_of_its_own(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """A registry of an older version finds what that has, whatever the newest one has."""
    names = [f"cat-{secrets.token_hex(3)}" for _ in range(2)]
    old = new_crate(names[0])
    first = write(repository, [old])
    second = write(repository, [new_crate(names[1])], [old])
    assert described(repository.pk, first, pinned=True) == {(names[0], "1.0.0", 1, False)}
    assert described(repository.pk, second) == {(names[1], "1.0.0", 1, False)}
    assert described(repository.pk, first, pinned=True) == {(names[0], "1.0.0", 1, False)}
