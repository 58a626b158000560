"""The snapshot of a repository version: what is in it, and how long it lasts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from django.db.models import ProtectedError

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository, RepositorySnapshot


@pytest.fixture
def make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> "Iterator[Callable[..., RepositorySnapshot]]":
    """Makes the snapshot of a version, as a task does in its directory."""
    from pulpcore.plugin.models import Artifact, RepositoryVersion

    from pulp_cargo.app.models import RepositorySnapshot
    from pulp_cargo.app.runtime.free_space import FreeSpace
    from pulp_cargo.app.services.snapshots.make import make

    monkeypatch.chdir(tmp_path)
    snapshots: list[RepositorySnapshot] = []

    def of_version(repository: "CargoRepository", version: UUID) -> "RepositorySnapshot":
        version = RepositoryVersion.objects.get(pk=version)
        snapshots.append(make(FreeSpace(), repository, version))
        return snapshots[-1]

    yield of_version
    # Pulp would delete the artifacts with its orphan cleanup, after a day.
    RepositorySnapshot.objects.filter(pk__in=[one.pk for one in snapshots]).delete()
    for left in Artifact.objects.filter(pk__in=[one.artifact_id for one in snapshots]):
        left.delete()


def names(snapshot: "RepositorySnapshot") -> list[str]:
    """Return the names in the lines, in order."""
    with snapshot.artifact.file.open("rb") as file:
        return [line.split(b'"')[3].decode() for line in file]


def test_lines_are_those_of_the_version_in_the_order_of_bytes(
    repository: "CargoRepository",
    publish: Callable[..., UUID],
    make: "Callable[..., RepositorySnapshot]",
) -> None:
    """Upper case comes first, and a hyphen before an underscore, whatever the database's locale is."""
    first = publish(repository, "b-b", "a_a", "Zed")
    second = publish(repository, "a-b")
    assert names(make(repository, second)) == ["Zed", "a-b", "a_a", "b-b"]
    assert names(make(repository, first)) == ["Zed", "a_a", "b-b"]


def test_snapshot_lasts_as_long_as_its_version(
    repository: "CargoRepository",
    publish: Callable[..., UUID],
    make: "Callable[..., RepositorySnapshot]",
) -> None:
    """Orphan cleanup cannot delete its lines, and retention deletes it with the version."""
    from pulpcore.plugin.models import Artifact

    from pulp_cargo.app.models import RepositorySnapshot, retention

    made = make(repository, publish(repository, "leaf"))
    assert make(repository, made.version_id).pk == made.pk
    with pytest.raises(ProtectedError):
        Artifact.objects.get(pk=made.artifact_id).delete()
    publish(repository, "later")
    repository.retain_repo_versions = 1
    repository.save()
    retention.trim(repository)
    assert not RepositorySnapshot.objects.filter(pk=made.pk).exists()
    left = Artifact.objects.get(pk=made.artifact_id)
    path = Path(left.file.path)
    assert path.exists()
    left.delete()
    assert not path.exists()


def test_repository_has_some_snapshots_and_those_of_its_labels(
    repository: "CargoRepository",
    publish: Callable[..., UUID],
    make: "Callable[..., RepositorySnapshot]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The oldest are deleted with their lines, except for the one that was just made."""
    from pulpcore.plugin.models import Artifact

    from pulp_cargo.app.models import RepositorySnapshot
    from pulp_cargo.app.services import version_labels
    from pulp_cargo.app.services.snapshots import make as service

    monkeypatch.setattr(service, "MOST_SNAPSHOTS", 2)
    versions = [publish(repository, name) for name in ("a", "b", "c", "d", "e")]
    version_labels.add(repository, "release", 1)
    made = [make(repository, version) for version in versions[:4]]
    there = RepositorySnapshot.objects.filter(version__repository=repository)
    assert set(there.values_list("version__number", flat=True)) == {1, 3, 4}
    assert not Artifact.objects.filter(pk=made[1].artifact_id).exists()
    make(repository, versions[1])
    assert set(there.values_list("version__number", flat=True)) == {1, 2, 4}
