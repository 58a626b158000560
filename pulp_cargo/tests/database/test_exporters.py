"""Registries that the server writes into folders: the same as a client exports, and their history."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from pulp_glue.cargo.export import from_registry
from pulp_glue.cargo.export.folder import OWN
from pulp_glue.cargo.registry_client import RegistryClient

from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.git_index import git
from pulp_cargo.tests.support.registry import Registry, index_path
from pulp_cargo.tests.support.stack import Stack

if TYPE_CHECKING:
    from pulp_glue.cargo.export.write import Report

    from pulp_cargo.app.models import CargoDistribution, CargoRepository

DL = "https://static.example/{crate}-{version}"


@pytest.fixture
def published(stack: Stack) -> Registry:
    """A registry with three versions of two crates, one of them yanked: versions 1 to 4."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    registry.publish(Crate("leaf", "1.1.0"))
    registry.publish(Crate("top", deps=[Dep(name="leaf")]))
    registry.yank("leaf")
    return registry


def export(name: str, folder: Path, kind: str, dl: str | None = None) -> "Report":
    """Run an export of the registry with this name."""
    from pulp_cargo.app.models import CargoDistribution
    from pulp_cargo.app.queries.registry.registry import registry_of
    from pulp_cargo.app.services.exports.export_registry import export_registry

    found = registry_of(CargoDistribution.objects.get(name=name))
    return export_registry(found, folder, kind, dl)


def tree(root: Path) -> dict[str, bytes]:
    """Return all files of an export but its own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and OWN not in path.parts
    }


@pytest.mark.parametrize("kind", ["static", "local-registry", "directory"])
def test_server_and_client_write_the_same(published: Registry, tmp_path: Path, kind: str) -> None:
    """Byte for byte; a second run, with nothing new, reads no crates."""
    dl = DL if kind == "static" else None
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    report = export(published.name, ours, kind, dl)
    count = 2 if kind == "directory" else 3
    assert (report.count, report.added, report.problems) == (count, count, [])
    client = RegistryClient(published.index_url)
    from_registry.export_registry(client, theirs, kind, dl=dl)
    assert tree(ours) == tree(theirs)
    assert export(published.name, ours, kind, dl).added == 0


def test_processes_write_the_same(
    published: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a run without them, which few new files do not need; and they end with it."""
    from pulp_cargo.app.services.exports import copiers

    started = []
    start = copiers.Copiers._start

    def count(self: copiers.Copiers) -> "subprocess.Popen[bytes]":
        started.append(start(self))
        return started[-1]

    monkeypatch.setattr(copiers.Copiers, "_start", count)
    export(published.name, tmp_path / "without", "static", DL)
    assert started == []
    monkeypatch.setattr(copiers, "FEW", 0)
    monkeypatch.setattr(copiers, "MANY", 1)
    assert export(published.name, tmp_path / "with", "static", DL).added == 3
    assert [process.returncode for process in started] == [0, 0]
    assert tree(tmp_path / "with") == tree(tmp_path / "without")


def test_history_of_the_git_index_is_that_of_the_repository(
    published: Registry, tmp_path: Path
) -> None:
    """A commit for each version, with its time, in which the index is what the version served."""
    root = tmp_path / "index.git"
    assert export(published.name, root, "git").added == 5
    subjects = git(root, "log", "--reverse", "--format=%s").splitlines()
    assert subjects == [f"Version {number}" for number in range(5)]
    commits = git(root, "log", "--reverse", "--format=%H").split()
    for number, commit in enumerate(commits):
        files = git(root, "ls-tree", "-r", "--name-only", commit).split()
        assert "config.json" in files
        for name in ("leaf", "top"):
            served = published.get(f"@{number}/{index_path(name)}")
            assert (served.status == 200) == (index_path(name) in files)
            if served.status == 200:
                found = git(root, "show", f"{commit}:{index_path(name)}")
                assert found.encode() == served.body
    config = json.loads(git(root, "show", "HEAD:config.json"))
    assert config == published.get("config.json").json()


def test_downloads_may_be_anywhere(published: Registry, tmp_path: Path) -> None:
    """The `dl` of a git index is the folder of the files of a static registry."""
    for kind in ("git", "static"):
        export(published.name, tmp_path / kind, kind, "https://static.example/crates/")
    wanted = {"dl": "https://static.example/crates/{crate}/{crate}-{version}.crate"}
    assert json.loads(git(tmp_path / "git", "show", "HEAD:config.json")) == wanted
    assert json.loads((tmp_path / "static" / "config.json").read_bytes()) == wanted


def test_git_index_is_continued(published: Registry, tmp_path: Path) -> None:
    """New commits on top of the old ones, for new versions only; the same as of one run."""
    root = tmp_path / "index.git"
    export(published.name, root, "git")
    before = git(root, "rev-parse", "HEAD").strip()
    assert export(published.name, root, "git").added == 0
    published.publish(Crate("leaf", "2.0.0"))
    published.unyank("leaf")
    assert export(published.name, root, "git").added == 2
    assert git(root, "rev-parse", "HEAD~2").strip() == before
    assert git(root, "diff", "--name-only", "HEAD~2", "HEAD").split() == ["le/af/leaf"]
    assert git(root, "show", "HEAD:le/af/leaf").encode() == published.index_file("leaf").body
    export(published.name, tmp_path / "whole.git", "git")
    assert git(tmp_path / "whole.git", "rev-parse", "HEAD") == git(root, "rev-parse", "HEAD")


def test_git_index_of_another_registry_gets_the_difference(
    stack: Stack, published: Registry, tmp_path: Path
) -> None:
    """In one commit, since both have no common history."""
    root = tmp_path / "index.git"
    export(published.name, root, "git", DL)
    other = stack.make_registry()
    other.publish(Crate("other"))
    assert export(other.name, root, "git", DL).added == 1
    assert git(root, "ls-tree", "-r", "--name-only", "HEAD").split() == [
        "config.json",
        "ot/he/other",
    ]


def test_git_index_follows_the_urls_of_the_registry(published: Registry, tmp_path: Path) -> None:
    """In its config.json, and in the lines of crates that have not changed; in one commit."""
    from pulp_cargo.app.models import CargoDistribution, CargoRepository

    other = "sparse+https://other.example/index/"
    published.publish(Crate("far", deps=[Dep(name="leaf", registry=other)]))
    root = tmp_path / "index.git"
    export(published.name, root, "git")

    def index() -> tuple[Any, Any]:
        config = json.loads(git(root, "show", "HEAD:config.json"))
        line = json.loads(git(root, "show", "HEAD:3/f/far"))
        return config["dl"].partition("/pulp/cargo/")[2], line["deps"][0]["registry"]

    assert index() == (f"{published.name}/api/v1/crates", other)
    CargoRepository.objects.filter(name=published.name).update(index_aliases=[other])
    assert export(published.name, root, "git").added == 1
    published.publish(Crate("leaf", "2.0.0"))
    distribution = CargoDistribution.objects.get(name=published.name)
    distribution.base_path = moved = f"{published.name}/moved"
    distribution.save()
    assert export(published.name, root, "git").added == 1
    assert index() == (f"{moved}/api/v1/crates", None)
    assert "2.0.0" in git(root, "show", "HEAD:le/af/leaf")
    assert export(published.name, root, "git").added == 0


def test_history_without_deleted_versions(published: Registry, tmp_path: Path) -> None:
    """What they had is in the next one that is left."""
    from pulp_cargo.app.models import CargoRepository

    repository = CargoRepository.objects.get(name=published.name)
    repository.versions.get(number=2).delete()
    root = tmp_path / "index.git"
    export(published.name, root, "git")
    subjects = git(root, "log", "--reverse", "--format=%s").splitlines()
    assert subjects == [f"Version {number}" for number in (0, 1, 3, 4)]
    assert git(root, "show", "HEAD:le/af/leaf").encode() == published.index_file("leaf").body


def test_git_index_whose_newest_version_was_deleted(published: Registry, tmp_path: Path) -> None:
    """What was removed and unyanked since then is so in the next commit, as in the registry."""
    from pulp_cargo.app.models import CargoRepository, CrateContent

    root = tmp_path / "index.git"
    export(published.name, root, "git")
    repository = CargoRepository.objects.get(name=published.name)
    with repository.new_version() as version:
        version.remove_content(CrateContent.objects.filter(name="top"))
    published.unyank("leaf")
    published.publish(Crate("leaf", "2.0.0"))
    for number in (3, 4, 5):
        repository.versions.get(number=number).delete()
    assert export(published.name, root, "git").added == 2
    subjects = git(root, "log", "--reverse", "--format=%s").splitlines()
    assert subjects[-3:] == ["Version 4", "Version 6", "Version 7"]
    for number, commit in ((6, "HEAD~1"), (7, "HEAD")):
        files = git(root, "ls-tree", "-r", "--name-only", commit).split()
        assert files == ["config.json", "le/af/leaf"]
        served = published.get(f"@{number}/le/af/leaf").body
        assert git(root, "show", f"{commit}:le/af/leaf").encode() == served
    assert export(published.name, root, "git").added == 0


def test_version_that_is_deleted_during_an_export(
    published: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its changes are in the next commit, and if it is that of the newest commit, the export fails."""
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.queries.crates import exported
    from pulp_cargo.app.services.exports.export_registry import CannotExport

    repository = CargoRepository.objects.get(name=published.name)
    history, gone = exported.history, [2]

    def deletes(*given: Any) -> Any:
        yield from history(*given)
        repository.versions.get(number=gone[-1]).delete()

    root = tmp_path / "index.git"
    monkeypatch.setattr(exported, "history", deletes)
    assert export(published.name, root, "git").added == 4
    assert git(root, "show", "HEAD:le/af/leaf").encode() == published.index_file("leaf").body
    gone.append(4)
    published.publish(Crate("leaf", "2.0.0"))
    with pytest.raises(CannotExport, match="deleted meanwhile: export again"):
        export(published.name, root, "git")
    monkeypatch.undo()
    assert export(published.name, root, "git").added == 1
    assert git(root, "show", "HEAD:le/af/leaf").encode() == published.index_file("leaf").body


def test_files_that_are_not_stored_are_left_out(
    repository: "CargoRepository",
    new_distribution: Callable[..., "CargoDistribution"],
    publish: Callable[..., UUID],
    tmp_path: Path,
) -> None:
    """No index names them, and the report does; a git index has them, for its `dl` does."""
    publish(repository, "absent")
    name = new_distribution(repository=repository).name
    report = export(name, tmp_path / "static", "static", DL)
    assert (report.count, report.added) == (0, 0)
    assert [(one.name, one.reason) for one in report.problems] == [
        ("absent", "its file is not stored in this Pulp")
    ]
    assert set(tree(tmp_path / "static")) == {"config.json"}
    assert export(name, tmp_path / "git", "git").count == 1


def test_registry_without_repository_is_refused(
    new_distribution: Callable[..., Any], tmp_path: Path
) -> None:
    """And so is a folder with files of somebody else."""
    from pulp_cargo.app.services.exports.export_registry import CannotExport

    name = new_distribution().name
    with pytest.raises(CannotExport, match="serves no repository"):
        export(name, tmp_path / "static", "static", DL)


def test_export_of_many_is_one_query_for_each_batch(
    repository: "CargoRepository",
    new_distribution: Callable[..., "CargoDistribution"],
    publish: Callable[..., UUID],
    sent: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the cursor, which has the order of the units, and is not among them."""
    from pulp_cargo.app.queries.crates import exported
    from pulp_cargo.app.queries.registry.registry import registry_of

    publish(repository, *(f"{repository.name}-{number}" for number in range(100)))
    found = registry_of(new_distribution(repository=repository))
    for batch, queries in [(100, 1), (40, 3)]:
        monkeypatch.setattr(exported, "ROWS_AT_ONCE", batch)
        sent.clear()
        assert sum(len(versions) for versions in exported.crates(found)) == 100
        assert len(sent) == queries


def test_served_version_that_is_deleted_while_it_is_read(
    published: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The export breaks off, since it cannot tell any more which crates it has to write."""
    from pulp_cargo.app.models import CargoDistribution, CargoRepository
    from pulp_cargo.app.queries.crates import exported
    from pulp_cargo.app.queries.registry.registry import registry_of
    from pulp_cargo.app.queries.repository.membership import VersionGone

    published.publish(Crate("zeta"))
    monkeypatch.setattr(exported, "ROWS_AT_ONCE", 1)
    found = registry_of(CargoDistribution.objects.get(name=published.name))
    crates = exported.crates(found)
    # A crate is complete when the next one begins.
    (leaf, _) = next(crates)
    assert leaf.yanked
    # Pulp deletes no version that a registry serves.
    published.publish(Crate("later"))
    CargoRepository.objects.get(name=published.name).versions.get(number=5).delete()
    with pytest.raises(VersionGone):
        list(crates)
