"""The plugin's statements leave the rows that core's code leaves, and core carries on from them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.db import connection, transaction

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository, CrateContent

# What is compared: every column of the version, its memberships and its counts that is not an id
# made on the spot or a time.
VERSION = """
    SELECT number, complete, base_version_id, info::text,
        ARRAY(SELECT unnest(content_ids) ORDER BY 1)
    FROM core_repositoryversion WHERE repository_id = %s ORDER BY number
"""
MEMBERS = """
    SELECT rc.content_id, va.number, vr.number FROM core_repositorycontent rc
    JOIN core_repositoryversion va ON va.pulp_id = rc.version_added_id
    LEFT JOIN core_repositoryversion vr ON vr.pulp_id = rc.version_removed_id
    WHERE rc.repository_id = %s ORDER BY 1, 2
"""
COUNTS = """
    SELECT v.number, d.content_type, d.count_type, d.count
    FROM core_repositoryversioncontentdetails d
    JOIN core_repositoryversion v ON v.pulp_id = d.repository_version_id
    WHERE v.repository_id = %s ORDER BY 1, 2, 3
"""
NEXT = "SELECT next_version FROM core_repository WHERE pulp_id = %s"


def rows(repository: "CargoRepository") -> list[Any]:
    """Everything that core keeps of a repository's versions."""
    found = []
    with connection.cursor() as cursor:
        for query in (VERSION, MEMBERS, COUNTS, NEXT):
            cursor.execute(query, [repository.pk])
            found.append(cursor.fetchall())
    return found


def apply(repository: "CargoRepository", write: Callable[..., Any], **change: Any) -> None:
    """Make one version by the given writer, as a commit does."""
    from pulp_cargo.app.models.repository import lock
    from pulp_cargo.app.queries.repository import head as heads

    with transaction.atomic():
        lock(repository.pk)
        head = heads.read(repository.pk, heads.ask(repository.pk))
        assert head is not None
        write(
            head.repository,
            head.version,
            head.next_number,
            added=[unit.pk for unit in change.get("added", [])],
            removed=[unit.pk for unit in change.get("removed", [])],
        )


@pytest.fixture
def history(new_crate: Callable[..., "CrateContent"]) -> list[dict[str, Any]]:
    """Changes as publishes and yanks make them: add, add two, swap, remove, bring back."""
    from pulp_cargo.app.models import CrateYank

    one, two, three, four = (new_crate(f"c{number}") for number in range(4))
    mark, _ = CrateYank.objects.get_or_create(canonical_name=two.canonical_name, vers="1.0.0")
    return [
        {"added": [one]},
        {"added": [two, three]},
        {"added": [mark]},
        {"added": [four], "removed": [one]},
        {"removed": [mark]},
        {"added": [one, mark]},
        {"removed": [one, three]},
    ]


def test_both_writers_leave_the_same_rows(
    new_repository: Callable[..., "CargoRepository"], history: list[dict[str, Any]]
) -> None:
    """After every step of a history, the statements and core's code agree in every column."""
    from pulp_cargo.app.models import version_rows

    ours, theirs = new_repository(), new_repository()
    for change in history:
        apply(ours, version_rows.write, **change)
        apply(theirs, version_rows.write_with_core, **change)
        assert rows(ours) == rows(theirs)


def write_sets(
    pk: UUID, previous: UUID, number: int, *, added: list[UUID], removed: list[UUID]
) -> None:
    """Write a version as a sync does: from tables of what it adds and removes."""
    from pulp_cargo.app.models import CargoRepository, version_sets

    new = version_sets.NewVersion(CargoRepository.objects.get(pk=pk))
    with connection.cursor() as cursor:
        for table, units in (("cargo_added", added), ("cargo_removed", removed)):
            cursor.execute(f"INSERT INTO {table} SELECT unnest(%s::uuid[])", [units])
    version = new.write()
    assert version is not None and version.number == number


def test_versions_from_tables_have_the_same_rows(
    new_repository: Callable[..., "CargoRepository"], history: list[dict[str, Any]]
) -> None:
    """After every step of a history, those of a sync and core's agree in every column."""
    from pulp_cargo.app.models import version_rows

    ours, theirs = new_repository(), new_repository()
    for change in history:
        apply(ours, write_sets, **change)
        apply(theirs, version_rows.write_with_core, **change)
        assert rows(ours) == rows(theirs)


def test_tables_without_changes_make_no_version(repository: "CargoRepository") -> None:
    """Nor is a number used up."""
    from pulp_cargo.app.models import version_sets

    before = rows(repository)
    with transaction.atomic():
        assert version_sets.NewVersion(repository).write() is None
    assert rows(repository) == before


def test_each_writer_carries_on_from_the_other(
    new_repository: Callable[..., "CargoRepository"], history: list[dict[str, Any]]
) -> None:
    """A history made by turns equals one made by core alone."""
    from pulp_cargo.app.models import version_rows

    mixed, theirs = new_repository(), new_repository()
    for turn, change in enumerate(history):
        apply(mixed, (version_rows.write, version_rows.write_with_core)[turn % 2], **change)
        apply(theirs, version_rows.write_with_core, **change)
    assert rows(mixed) == rows(theirs)


def test_core_accepts_what_the_statements_wrote(
    repository: "CargoRepository", history: list[dict[str, Any]]
) -> None:
    """Core's own sanity check, which compares ids with memberships, passes on every version."""
    from pulp_cargo.app.models import version_rows

    for change in history:
        apply(repository, version_rows.write, **change)
    before = rows(repository)
    for version in repository.versions.complete():
        version.refresh_from_db(fields=["content_ids"])
        version._compute_counts()
    assert rows(repository) == before


def test_a_task_that_loaded_the_repository_earlier_gets_the_next_free_number(
    repository: "CargoRepository", history: list[dict[str, Any]]
) -> None:
    """Core takes the number from memory; a publish may have used it since."""
    from pulp_cargo.app.models import CargoRepository, version_rows

    stale = CargoRepository.objects.get(pk=repository.pk)
    apply(repository, version_rows.write, **history[0])
    with stale.new_version() as version:
        version.add_content(
            type(history[1]["added"][0]).objects.filter(pk=history[1]["added"][0].pk)
        )
    assert version.number == 2
    assert [row[0] for row in rows(repository)[0]] == [0, 1, 2]


def test_saving_a_repository_that_was_loaded_earlier_keeps_the_next_number(
    repository: "CargoRepository", history: list[dict[str, Any]]
) -> None:
    """An update by REST saves all columns; `next_version` must not go back."""
    from pulp_cargo.app.models import CargoRepository, version_rows

    stale = CargoRepository.objects.get(pk=repository.pk)
    apply(repository, version_rows.write, **history[0])
    stale.description = "changed"
    stale.save()
    assert CargoRepository.objects.get(pk=repository.pk).next_version == 2
