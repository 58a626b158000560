"""Old versions go in one step, and what is kept reads as before."""

import random
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoDistribution, CargoRepository, CrateContent


def contents(repository: "CargoRepository") -> dict[int, tuple[set[Any], set[Any]]]:
    """What each version holds: by core's array of ids, and by the intervals."""
    from pulp_cargo.app.models import CrateContent

    held = {}
    for version in repository.versions.complete():
        by_array = set(version.get_content(CrateContent.objects).values_list("pk", flat=True))
        by_interval = set(version._content_relationships().values_list("content_id", flat=True))
        held[version.number] = (by_array, by_interval)
    return held


def random_history(
    repository: "CargoRepository", crates: "list[CrateContent]", steps: int, seed: int
) -> None:
    """Make versions that add and remove crates at random, some of them again and again."""
    from pulp_cargo.app.models import version_rows
    from pulp_cargo.app.models.repository import lock
    from pulp_cargo.app.queries.repository import head as heads

    dice, members = random.Random(seed), set()
    for _ in range(steps):
        changed = set(dice.sample([crate.pk for crate in crates], dice.randint(1, 3)))
        with transaction.atomic():
            lock(repository.pk)
            head = heads.read(repository.pk, heads.ask(repository.pk))
            assert head is not None
            version_rows.write(
                repository.pk,
                head.version,
                head.next_number,
                added=sorted(changed - members),
                removed=sorted(changed & members),
            )
        members ^= changed


def test_kept_versions_hold_what_they_held(
    new_repository: Callable[..., "CargoRepository"], new_crate: Callable[..., "CrateContent"]
) -> None:
    """Whatever came, went and came back in the deleted ones, array and intervals still agree."""
    from pulp_cargo.app.models import retention

    crates = [new_crate(f"k{number}-{secrets.token_hex(2)}") for number in range(5)]
    for seed in range(6):
        repository = new_repository()
        random_history(repository, crates, 30, seed)
        before = contents(repository)
        repository.retain_repo_versions = 4
        gone = retention.trim(repository)
        after = contents(repository)
        assert gone == 27
        assert after == {number: before[number] for number in (27, 28, 29, 30)}
        assert all(by_array == by_interval for by_array, by_interval in after.values())


def test_a_clean_up_leaves_the_rows_that_core_leaves(
    new_repository: Callable[..., "CargoRepository"],
    new_crate: Callable[..., "CrateContent"],
    new_distribution: Callable[..., "CargoDistribution"],
) -> None:
    """Core deletes versions one by one; its memberships and counts are the same."""
    from pulp_cargo.app.models import retention
    from pulp_cargo.tests.database.test_version_rows import rows

    crates = [new_crate(f"s{number}-{secrets.token_hex(2)}") for number in range(4)]
    for seed in range(3):
        ours, theirs = new_repository(), new_repository()
        for repository in (ours, theirs):
            random_history(repository, crates, 12, seed)
        # Crates that are in all versions that stay may have left and come back between them.
        for number in (4, 8):
            new_distribution(repository_version=ours.versions.get(number=number))
        ours.retain_repo_versions = 2
        retention.trim(ours)
        for version in theirs.versions.exclude(number__in=(4, 8, 11, 12)).order_by("number"):
            version.delete()
        assert rows(ours) == rows(theirs)


def test_a_version_that_is_served_stays(
    repository: "CargoRepository", publish: Callable[..., Any]
) -> None:
    """A distribution pinned to an old version keeps it."""
    from pulp_cargo.app.models import CargoDistribution, retention

    pinned = publish(repository, "a")
    for name in "bcdef":
        publish(repository, name)
    distribution = CargoDistribution.objects.create(
        name=repository.name, base_path=repository.name, repository_version_id=pinned
    )
    try:
        repository.retain_repo_versions = 2
        retention.trim(repository)
        assert sorted(contents(repository)) == [1, 5, 6]
        assert all(array == intervals for array, intervals in contents(repository).values())
    finally:
        distribution.delete()


def test_without_a_number_every_version_stays(
    repository: "CargoRepository", publish: Callable[..., Any]
) -> None:
    """`retain_repo_versions` null keeps all."""
    from pulp_cargo.app.models import retention

    publish(repository, "a")
    repository.retain_repo_versions = None
    assert retention.trim(repository) == 0


def test_the_number_of_statements_does_not_grow_with_the_versions(
    new_repository: Callable[..., "CargoRepository"], publish: Callable[..., Any]
) -> None:
    """Deleting 40 versions takes the statements that deleting 4 takes."""
    from django.test.utils import CaptureQueriesContext

    from pulp_cargo.app.models import retention

    counts = []
    for versions in (5, 41):
        repository = new_repository()
        for number in range(versions):
            publish(repository, f"n{number}")
        repository.retain_repo_versions = 1
        with CaptureQueriesContext(connection) as queries:
            retention.trim(repository)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_reference_to_a_deleted_version_is_cleared(
    repository: "CargoRepository", publish: Callable[..., Any]
) -> None:
    """As core's models say; most versions have none, and are deleted without asking each table."""
    from pulp_cargo.app.models import retention

    first = publish(repository, "a")
    newest = repository.versions.get(pk=publish(repository, "b"))
    repository.versions.filter(pk=newest.pk).update(base_version=first)
    repository.retain_repo_versions = 1
    assert retention.trim(repository) == 2
    newest.refresh_from_db(fields=["base_version"])
    assert newest.base_version_id is None
