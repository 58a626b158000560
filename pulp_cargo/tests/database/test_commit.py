"""Several changes of one repository share a commit and a version, each with its own verdict."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage

from pulp_cargo.protocol.errors import Forbidden, NameTaken, VersionExists, VersionNotFound
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.unavailable import RepositoryBusy
from pulp_cargo.rules.token_scopes import Scope
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.services.publish.publish import Publish

Prepare = Callable[..., "Publish"]


@pytest.fixture
def working_directory(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory of the test's own, beside the files that others are at work on."""
    from pulp_cargo.app.services.crates import incoming_file

    directory = Path(settings.WORKING_DIRECTORY, name)
    directory.mkdir()
    monkeypatch.setattr(
        incoming_file, "settings", SimpleNamespace(WORKING_DIRECTORY=str(directory))
    )
    yield directory
    shutil.rmtree(directory)


def storage_path(change: "Publish") -> Path:
    """Where the storage has the file of a change."""
    digest = change.file.digests["sha256"]
    return Path(default_storage.path(f"artifact/{digest[:2]}/{digest[2:]}"))


def versions(repository: "CargoRepository") -> list[int]:
    """The numbers of a repository's versions."""
    return list(repository.versions.order_by("number").values_list("number", flat=True))


def test_changes_that_wait_together_share_one_version(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str
) -> None:
    """Five publishes are one version, and each that breaks a rule is refused alone (96, 97)."""
    from pulp_cargo.app.services.publish import commit
    from pulp_cargo.app.services.publish.yank import Yank

    first = prepare(Crate(f"{name}-a", "1.0.0"))
    changes = [
        first,
        prepare(Crate(f"{name}-a", "1.0.0", files={"src/lib.rs": b"// other bytes"})),
        prepare(Crate(f"{name}_a", "1.0.1")),
        prepare(Crate(f"{name}-b", "1.0.0"), Scope.PUBLISH_UPDATE),
        Yank(f"{name}-a", parse_version("1.0.0"), yanked=True, grant=first.grant),
        Yank(f"{name}-a", parse_version("2.0.0"), yanked=True, grant=first.grant),
        prepare(Crate(f"{name}-c", "1.0.0")),
    ]
    result = commit.commit(repository.pk, domain, changes)
    assert [type(refusal) for refusal in result.refusals] == [
        type(None),
        VersionExists,
        NameTaken,
        Forbidden,
        type(None),
        VersionNotFound,
        type(None),
    ]
    assert versions(repository) == [0, 1]
    latest = repository.latest_version()
    assert (latest.count("cargo.crate"), latest.count("cargo.yank")) == (2, 1)


def test_a_change_that_changes_nothing_makes_no_version(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str
) -> None:
    """Yanking twice, or yanking and unyanking in one commit, is accepted and leaves no trace."""
    from pulp_cargo.app.services.publish import commit
    from pulp_cargo.app.services.publish.yank import Yank

    publish = prepare(Crate(name, "1.0.0"))
    commit.commit(repository.pk, domain, [publish])
    vers = parse_version("1.0.0")
    yank, unyank = (Yank(name, vers, yanked, publish.grant) for yanked in (True, False))
    assert commit.commit(repository.pk, domain, [yank, unyank]).made is None
    assert commit.commit(repository.pk, domain, [yank]).made is not None
    again = commit.commit(repository.pk, domain, [yank])
    assert (again.made, again.refusals) == (None, [None])
    assert versions(repository) == [0, 1, 2]


def test_the_same_bytes_in_two_repositories_are_one_unit_and_one_file(
    repository: "CargoRepository",
    new_repository: Callable[..., "CargoRepository"],
    prepare: Prepare,
    domain: Any,
    name: str,
) -> None:
    """Content is shared by the repositories of a domain."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.publish import commit

    other, crate = new_repository(), Crate(name, "1.0.0")
    first, second = prepare(crate), prepare(crate)
    commit.commit(repository.pk, domain, [first])
    commit.commit(other.pk, domain, [second])
    second.file.discard()
    unit = CrateContent.objects.get(name=name)
    assert unit.contentartifact_set.get().artifact.sha256 == unit.cksum
    assert all(one.latest_version().contains(unit) for one in (repository, other))


def test_a_commit_that_fails_leaves_neither_rows_nor_files(
    repository: "CargoRepository",
    prepare: Prepare,
    domain: Any,
    name: str,
    working_directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What breaks after the files were stored takes them away again."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.notices import channel
    from pulp_cargo.app.services.publish import commit

    change = prepare(Crate(name, "1.0.0"))
    assert list(working_directory.iterdir()) != []

    def fail(*args: object) -> None:
        assert storage_path(change).exists()
        raise OSError("broken on purpose")

    monkeypatch.setattr(channel, "new_version", fail)
    with pytest.raises(OSError, match="broken on purpose"):
        commit.commit(repository.pk, domain, [change])
    change.file.discard()
    assert not storage_path(change).exists()
    assert list(working_directory.iterdir()) == []
    assert not CrateContent.objects.filter(name=name).exists()
    assert versions(repository) == [0]


def test_a_change_that_breaks_something_does_so_alone(
    repository: "CargoRepository",
    prepare: Prepare,
    domain: Any,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The others of its group are committed all the same, with their files."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.publish import commit
    from pulp_cargo.app.services.publish.draft import Draft

    add = Draft.add_crate

    def break_one(self: Draft, unit: CrateContent, file: Any) -> None:
        add(self, unit, file)
        if unit.name.endswith("-1"):
            unit.cksum = "no such length" * 10

    monkeypatch.setattr(Draft, "add_crate", break_one)
    changes = [prepare(Crate(f"{name}-{number}", "1.0.0")) for number in range(3)]
    result = commit.commit_together(repository.pk, domain, changes)
    assert [refusal is None for refusal in result.refusals] == [True, False, True]
    for number in (0, 2):
        unit = CrateContent.objects.get(name=f"{name}-{number}")
        artifact = unit.contentartifact_set.get().artifact
        assert artifact.file.size == changes[number].file.size
    assert repository.latest_version().count("cargo.crate") == 2


def test_a_short_file_that_a_crash_left_behind_is_not_trusted(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str
) -> None:
    """Core's storage keeps a file that is already there; without an artifact it is debris."""
    from pulp_cargo.app.services.publish import commit

    change = prepare(Crate(name, "1.0.0"))
    debris, size = storage_path(change), change.file.size
    debris.parent.mkdir(parents=True, exist_ok=True)
    debris.write_bytes(b"short")
    commit.commit(repository.pk, domain, [change])
    assert os.path.getsize(debris) == size


def test_an_unfinished_version_without_a_task_is_debris(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str
) -> None:
    """A task that was killed leaves its version behind; publishers do not wait for it."""
    from pulp_cargo.app.services.publish import commit

    repository.new_version()
    commit.commit(repository.pk, domain, [prepare(Crate(name, "1.0.0"))])
    assert [version.complete for version in repository.versions.all()] == [True, True]


@pytest.mark.parametrize(("resource", "waits"), [("{prn}", True), ("shared:{prn}", False)])
def test_only_a_task_that_holds_the_repository_alone_makes_others_wait(
    repository: "CargoRepository",
    prepare: Prepare,
    domain: Any,
    name: str,
    resource: str,
    waits: bool,
) -> None:
    """A task that only reads (an export, say) does not build a version."""
    from pulpcore.plugin.models import Task
    from pulpcore.plugin.util import get_prn

    from pulp_cargo.app.services.publish import commit

    prn = get_prn(instance=repository)
    task = Task.objects.create(
        state="waiting",
        name="a.task",
        logging_cid="",
        reserved_resources_record=[resource.format(prn=prn)],
    )
    try:
        change = prepare(Crate(name, "1.0.0"))
        if waits:
            with pytest.raises(RepositoryBusy):
                commit.commit(repository.pk, domain, [change])
        else:
            assert commit.commit(repository.pk, domain, [change]).made is not None
    finally:
        task.delete()


def test_many_submitters_share_few_versions(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str
) -> None:
    """What arrives while a commit is under way goes into the next one, all of it."""
    from pulp_cargo.app.runtime.background import BackgroundTasks
    from pulp_cargo.app.services.publish.commit_queue import CommitQueue

    changes = [prepare(Crate(f"{name}-{number}", "1.0.0")) for number in range(20)]

    async def submit_all() -> list[int | None]:
        queue = CommitQueue(BackgroundTasks())
        made = await asyncio.gather(
            *(queue.submit(repository.pk, domain, change) for change in changes)
        )
        return [one and one.number for one in made]

    numbers = asyncio.run(submit_all())
    assert repository.latest_version().count("cargo.crate") == 20
    assert set(numbers) == set(versions(repository)) - {0}
    assert len(set(numbers)) <= 3


def test_the_number_of_statements_does_not_grow_with_the_repository(
    repository: "CargoRepository",
    publish: Callable[..., Any],
    prepare: Prepare,
    domain: Any,
    name: str,
    sent: list[str],
) -> None:
    """A publish into a repository of 60 crates asks what one into an empty repository asks."""
    from pulp_cargo.app.services.publish import commit

    counts = []
    for step in range(2):
        change = prepare(Crate(f"{name}-{step}", "1.0.0"))
        sent.clear()
        commit.commit(repository.pk, domain, [change])
        counts.append(len(sent))
        publish(repository, *(f"{name}-fill{number}" for number in range(60)))
    assert counts[0] == counts[1] <= 10


def test_the_number_of_statements_does_not_grow_with_the_publishes(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str, sent: list[str]
) -> None:
    """Five publishes that wait together are asked for and written as one is."""
    from pulp_cargo.app.services.publish import commit

    counts = []
    for step, together in enumerate((1, 5)):
        changes = [prepare(Crate(f"{name}-{step}-{i}", "1.0.0")) for i in range(together)]
        sent.clear()
        commit.commit(repository.pk, domain, changes)
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_file_that_is_removed_during_the_commit_is_put_back(
    repository: "CargoRepository",
    prepare: Callable[..., "Publish"],
    domain: Any,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
):
    """Pulp's clean-up of orphans unlinks a file a moment after its row is gone."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.runtime import steps
    from pulp_cargo.app.services.publish import commit

    def unlink(step: str) -> None:
        if step == "committed":
            path().unlink()

    def path() -> Path:
        unit = CrateContent.objects.get(name=name)
        return Path(unit.contentartifact_set.get().artifact.file.path)

    monkeypatch.setattr(steps, "reached", unlink)
    commit.commit(repository.pk, domain, [prepare(Crate(name))])
    assert path().read_bytes() == Crate(name).packed()


def damage(path: Path, how: str) -> None:
    """Do to a stored file what a bad disk does."""
    if how == "lost":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes(content[:10] if how == "cut short" else content[:-1] + b"!")


DAMAGES = ["lost", "cut short", "damaged"]


@pytest.mark.parametrize("how", DAMAGES)
def test_file_that_the_storage_has_lost_comes_back_with_a_publish(
    new_repository: Callable[..., "CargoRepository"],
    prepare: Callable[..., "Publish"],
    domain: Any,
    name: str,
    how: str,
):
    """A row that says it is there is no reason to throw the bytes away, nor is its size."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.publish import commit

    one, other = new_repository(), new_repository()
    commit.commit(one.pk, domain, [prepare(Crate(name))])
    unit = CrateContent.objects.get(name=name)
    path = Path(unit.contentartifact_set.get().artifact.file.path)
    damage(path, how)
    assert commit.commit(other.pk, domain, [prepare(Crate(name))]).made is not None
    assert path.read_bytes() == Crate(name).packed()


@pytest.mark.parametrize("folder", [None, "/dev/shm"], ids=["one file system", "two"])
def test_files_and_their_names_are_on_the_disk_before_the_commit(
    folder: str | None,
    repository: "CargoRepository",
    prepare: Callable[..., "Publish"],
    domain: Any,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
):
    """Whatever file system they came on: the file, and its name in the folder."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.runtime import steps
    from pulp_cargo.app.services.crates import incoming_file
    from pulp_cargo.app.services.publish import commit

    settled: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        settled.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)

    at_the_end: list[str] = []
    directory = folder or settings.WORKING_DIRECTORY
    monkeypatch.setattr(incoming_file, "settings", SimpleNamespace(WORKING_DIRECTORY=directory))
    monkeypatch.setattr(os, "fsync", fsync)
    change = prepare(Crate(name))
    came = change.file.path
    monkeypatch.setattr(
        steps,
        "reached",
        lambda step: at_the_end.extend(settled) if step == "written" else None,
    )
    commit.commit(repository.pk, domain, [change])
    unit = CrateContent.objects.get(name=name)
    path = Path(unit.contentartifact_set.get().artifact.file.path)
    assert {came, str(path.parent)} <= set(at_the_end)
    assert (str(path) in at_the_end) is (folder is not None)


def test_new_folders_are_settled_in_those_that_hold_them(tmp_path: Path):
    """As deep as they are."""
    from pulp_cargo.app.services.crates import artifacts

    path = tmp_path / "artifact" / "ab" / "cd"
    wanted = [str(tmp_path / "artifact"), str(tmp_path)]
    assert list(artifacts._missing_folders(str(path))) == wanted
    (tmp_path / "artifact").mkdir()
    assert list(artifacts._missing_folders(str(path))) == wanted[:1]
    path.parent.mkdir()
    assert list(artifacts._missing_folders(str(path))) == []


@pytest.mark.parametrize("how", DAMAGES)
def test_file_comes_back_with_a_publish_that_is_refused(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str, how: str
) -> None:
    """The version exists with these bytes, so nothing is published; and the registry has them."""
    from pulp_cargo.app.services.publish import commit

    first = prepare(Crate(name))
    commit.commit(repository.pk, domain, [first])
    path = storage_path(first)
    damage(path, how)
    result = commit.commit(repository.pk, domain, [prepare(Crate(name))])
    (refusal,) = result.refusals
    assert (result.made, type(refusal)) == (None, VersionExists)
    assert path.read_bytes() == Crate(name).packed()


def test_refused_publish_stores_no_file_without_an_artifact(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str
) -> None:
    """A copy whose files are still with its upstream has none to be restored."""
    from pulp_cargo.app.services.crates import artifacts

    change = prepare(Crate(name))
    change.file.settle()
    artifacts.restore_damaged([change.file], domain)
    assert not storage_path(change).exists()


@pytest.fixture
def empty_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A storage without any folder; what is put there is the stack's afterwards."""
    shared, own = default_storage.location, tmp_path / "media"
    monkeypatch.setattr(default_storage, "location", str(own))
    yield
    shutil.copytree(own, shared, dirs_exist_ok=True)


def test_restored_file_and_its_name_are_on_the_disk(
    new_repository: Callable[..., "CargoRepository"],
    prepare: Prepare,
    domain: Any,
    name: str,
    empty_storage: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before cargo hears that it is published: the file, its folder, and the one above that."""
    from pulp_cargo.app.runtime import steps
    from pulp_cargo.app.services.publish import commit

    crate, change = Crate(name), prepare(Crate(name))
    path = storage_path(change)
    commit.commit(new_repository().pk, domain, [change])
    shutil.rmtree(path.parent)
    settled: list[str] = []
    at_the_end: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        settled.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)

    def reached(step: str) -> None:
        if step == "written":
            at_the_end.extend(settled)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(steps, "reached", reached)
    commit.commit(new_repository().pk, domain, [prepare(crate)])
    assert path.read_bytes() == crate.packed()
    assert {str(path.parent), str(path.parent.parent)} <= set(at_the_end)
    # The file had another name when it was settled.
    assert any(one.startswith(f"{path}-") for one in at_the_end)
