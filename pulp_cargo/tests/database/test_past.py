"""Versions of a repository by number, time and label; what retains them, and what is between two."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.db import transaction

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoDistribution, CargoRepository, CrateContent

START = datetime(2026, 3, 1, tzinfo=UTC)


def date_versions(repository: "CargoRepository") -> None:
    """Let version N have been created N days after the start."""
    for version in repository.versions.defer("content_ids"):
        created = START + timedelta(days=version.number)
        repository.versions.filter(pk=version.pk).update(pulp_created=created)
    type(repository).objects.filter(pk=repository.pk).update(pulp_created=START)


@pytest.fixture
def five(repository: "CargoRepository", publish: Callable[..., UUID]) -> "CargoRepository":
    """A repository with the versions 0 to 5, one a day."""
    for number in range(1, 6):
        publish(repository, f"crate-{number}")
    date_versions(repository)
    return repository


def found(repository: "CargoRepository", text: str) -> int | str:
    """Return the number of the version that a text names, or the status and the message."""
    from pulp_cargo.app.queries.repository.moments import version_at
    from pulp_cargo.protocol.errors import RegistryError
    from pulp_cargo.rules.moments import parse_moment

    try:
        return version_at(repository.pk, parse_moment(text)).number
    except RegistryError as error:
        return f"{error.status}: {error}"


def test_version_is_found_by_number_and_time(five: "CargoRepository") -> None:
    """At a time it is the newest that had been created."""
    assert found(five, "3") == 3
    assert found(five, "2026-03-04T00:00:00Z") == 3
    assert found(five, "2026-03-03T23:59:59Z") == 2
    assert found(five, "2026-03-03") == 2
    assert found(five, "2026-08-01") == 5


def test_what_never_was_is_not_found(five: "CargoRepository") -> None:
    """The message names the nearest."""
    assert found(five, "6") == "404: there is no version 6 of this repository: the newest is `@5`"
    assert found(five, "2026-02-28") == (
        "404: this repository had no version at 2026-02-28T23:59:59Z: the oldest version that exists is"
        " `@0` of 2026-03-01T00:00:00Z"
    )
    assert found(five, "0001-01-01").startswith(
        "404: this repository had no version at 0001-01-01T23:59:59Z: the oldest"
    )
    assert found(five, "release") == (
        "404: no version of this repository has the label `release`: none has a label"
    )
    assert found(five, "9999-12-31") == (
        "404: 9999-12-31T23:59:59Z is in the future, so what this registry will serve then is not"
        " known; use an earlier time, or the registry's own URL for its newest state"
    )


def test_what_was_deleted_is_gone(five: "CargoRepository") -> None:
    """Nor is an older version passed off for the one of a time that cannot be told."""
    from pulp_cargo.app.models import retention

    five.retain_repo_versions = 2
    five.version_labels.create(label="first", version=five.versions.get(number=1))
    assert retention.trim(five) == 3
    assert found(five, "3") == (
        "410: version 3 of this repository was deleted; the nearest versions that exist are `@1`"
        " and `@4`"
    )
    assert found(five, "0") == (
        "410: version 0 of this repository was deleted; the nearest versions that exist are `@1`"
    )
    assert found(five, "2026-03-03") == (
        "410: it is not known which version was the newest at 2026-03-03T23:59:59Z, because versions"
        " between `@1` and `@4` were deleted"
    )
    assert found(five, "2026-03-01") == (
        "410: the version of 2026-03-01T23:59:59Z was deleted; the oldest version that exists is"
        " `@1` of 2026-03-02T00:00:00Z"
    )
    assert found(five, "first") == 1
    assert found(five, "2026-03-05") == 4
    assert found(five, "2026-02-01").startswith("404: this repository had no version at")


def test_version_is_found_with_one_query(five: "CargoRepository", sent: list[str]) -> None:
    """By an index, whatever there is beside it."""
    five.version_labels.create(label="release-7", version=five.versions.get(number=2))
    for text, number in (("3", 3), ("2026-03-03", 2), ("release-7", 2)):
        sent.clear()
        assert found(five, text) == number
        assert len(sent) == 1


def test_a_label_never_moves(five: "CargoRepository") -> None:
    """Adding it again to the same version changes nothing."""
    from pulp_cargo.app.services import version_labels
    from pulp_cargo.protocol.errors import NotFound

    first = version_labels.add(five, "release-7", 3)
    assert version_labels.add(five, "release-7", 3) == first
    with pytest.raises(version_labels.LabelTaken, match="version 3 has the label `release-7`"):
        version_labels.add(five, "release-7", 4)
    version_labels.add(five, "other", 3)
    version_labels.remove(five, "release-7")
    with pytest.raises(NotFound):
        version_labels.remove(five, "release-7")
    assert version_labels.add(five, "release-7", 4).version.number == 4


def test_labels_are_limited(five: "CargoRepository", monkeypatch: pytest.MonkeyPatch) -> None:
    """Each retains a version."""
    from pulp_cargo.app.services import version_labels
    from pulp_cargo.protocol.errors import BadRequest

    monkeypatch.setattr(version_labels, "MOST_LABELS", 1)
    version_labels.add(five, "a", 3)
    with pytest.raises(BadRequest, match="has 1 labels already"):
        version_labels.add(five, "b", 3)
    assert version_labels.add(five, "a", 3).label == "a"


def test_version_that_gets_a_label_while_it_is_due_stays(
    five: "CargoRepository", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clean-up has chosen its versions, and then somebody adds the label."""
    from pulp_cargo.app.models import retention

    five.retain_repo_versions = 1
    due = retention._due

    def meanwhile(repository: "CargoRepository") -> list[UUID]:
        chosen = due(repository)
        five.version_labels.create(label="late", version=five.versions.get(number=2))
        return chosen

    monkeypatch.setattr(retention, "_due", meanwhile)
    assert retention.trim(five) == 4
    assert found(five, "late") == 2
    assert sorted(five.versions.values_list("number", flat=True)) == [2, 5]
    assert found(five, "2") == 2


def test_no_way_deletes_a_version_with_a_label(five: "CargoRepository") -> None:
    """Core's task does not know of labels; the database does. The repository takes them along."""
    from django.db.models import RestrictedError

    from pulpcore.plugin.models import RepositoryVersion

    from pulp_cargo.app.models import VersionLabel

    version = RepositoryVersion.objects.get(repository_id=five.pk, number=2)
    five.version_labels.create(label="release-7", version=version)
    with pytest.raises(RestrictedError), transaction.atomic():
        version.delete()
    assert found(five, "release-7") == 2
    assert found(five, "1") == 1
    type(five).objects.get(pk=five.pk).delete()
    assert not VersionLabel.objects.filter(repository=five.pk).exists()
    type(five).objects.create(pulp_id=five.pk, name=five.name)


@pytest.fixture
def yanked(publish: Callable[..., UUID]) -> Callable[..., Any]:
    """Adds a yank mark of a crate version to a repository, or removes it."""
    from pulpcore.plugin.models import RepositoryVersion

    from pulp_cargo.app.models import CrateYank, version_rows
    from pulp_cargo.app.models.repository import lock
    from pulp_cargo.app.queries.repository import head as heads

    def change(repository: "CargoRepository", unit: "CrateContent", *, undo: bool = False) -> None:
        mark, _ = CrateYank.objects.get_or_create(
            canonical_name=unit.canonical_name, vers=unit.vers, _pulp_domain=unit._pulp_domain
        )
        with transaction.atomic():
            lock(repository.pk)
            head = heads.read(repository.pk, heads.ask(repository.pk))
            assert head is not None and RepositoryVersion.objects.filter(pk=head.version).exists()
            sides = ([], [mark.pk]) if undo else ([mark.pk], [])
            version_rows.write(
                repository.pk,
                head.version,
                head.next_number,
                added=sides[0],
                removed=sides[1],
            )

    return change


def changes(repository: "CargoRepository", old: int, new: int) -> list[str]:
    """Return what changed, a word for each."""
    from pulp_cargo.app.queries.repository.diff import diff

    whole = {True: " (crate)", False: ""}
    return [
        f"{one.change} {one.name} {one.vers}{whole[one.whole_crate]}"
        for one in diff(repository.pk, old, new, limit=100).changes
    ]


def test_difference_of_two_versions(
    repository: "CargoRepository",
    publish: Callable[..., UUID],
    yanked: Callable[..., Any],
    new_crate: Callable[..., "CrateContent"],
    domain: Any,
) -> None:
    """What came and went in between is none; backwards it is the reverse."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.queries.repository.diff import diff

    def unit(name: str) -> "CrateContent":
        return CrateContent.objects.filter(name=name).latest("pulp_created")

    names = [f"{repository.name}-{letter}" for letter in "abcd"]
    publish(repository, names[0], names[1])  # 1
    publish(repository, names[2])  # 2
    yanked(repository, unit(names[0]))  # 3
    publish(repository, removed=[unit(names[2])])  # 4
    publish(repository, names[3], removed=[unit(names[1])])  # 5
    yanked(repository, unit(names[3]))  # 6
    yanked(repository, unit(names[0]), undo=True)  # 7
    a, b, c, d = names
    assert changes(repository, 0, 1) == [f"added {a} 1.0.0 (crate)", f"added {b} 1.0.0 (crate)"]
    assert changes(repository, 1, 3) == [f"yanked {a} 1.0.0", f"added {c} 1.0.0 (crate)"]
    assert changes(repository, 3, 1) == [f"unyanked {a} 1.0.0", f"removed {c} 1.0.0 (crate)"]
    assert changes(repository, 1, 7) == [f"removed {b} 1.0.0 (crate)", f"added {d} 1.0.0 (crate)"]
    assert changes(repository, 1, 6) == [
        f"yanked {a} 1.0.0",
        f"removed {b} 1.0.0 (crate)",
        f"added {d} 1.0.0 (crate)",
    ]
    assert changes(repository, 4, 4) == []
    counted = diff(repository.pk, 1, 6, limit=1, offset=1)
    assert [one.name for one in counted.changes] == [b]
    assert (counted.count, counted.versions_added, counted.versions_removed) == (3, 1, 1)
    assert (counted.versions_yanked, counted.versions_unyanked) == (1, 0)
    assert (counted.crates_added, counted.crates_removed) == (1, 1)
    beyond = diff(repository.pk, 1, 6, limit=1, offset=9)
    assert (beyond.count, beyond.changes) == (3, [])


def test_difference_is_one_query(
    repository: "CargoRepository", publish: Callable[..., UUID], sent: list[str]
) -> None:
    """For any number of crates."""
    from pulp_cargo.app.queries.repository.diff import diff

    publish(repository, *(f"{repository.name}-{number}" for number in range(100)))
    publish(repository, f"{repository.name}-new")
    sent.clear()
    assert diff(repository.pk, 1, 2, limit=10).count == 1
    assert len(sent) == 1


def test_registry_in_the_past_costs_one_query(
    five: "CargoRepository", new_distribution: Callable[..., "CargoDistribution"], sent: list[str]
) -> None:
    """And its index file another one, as that of the registry itself."""
    from pulp_cargo.app.queries.crates.index_file import index_file
    from pulp_cargo.app.queries.registry.past import past_registry
    from pulp_cargo.app.queries.registry.registry import registry_of
    from pulp_cargo.rules.moments import parse_moment

    registry = registry_of(new_distribution(repository=five))
    sent.clear()
    past = past_registry(registry, "2026-03-04", parse_moment("2026-03-04"))
    assert len(sent) == 1
    assert past.content.number == 3
    assert past.urls.root == f"{registry.urls.root}@2026-03-04/"
    assert past.name == f"{registry.name}@2026-03-04"
    sent.clear()
    assert index_file(past.content, past.urls, "crate-3") is not None
    assert index_file(past.content, past.urls, "crate-4") is None
    assert len(sent) == 2
