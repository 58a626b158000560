"""Syncs from folders on the server: local registries, and git repositories that lead elsewhere."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pulp_cargo.tests.database.mirrors import MISPLACED, MirrorOf, in_a_task, mirror_of
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.git_index import GitIndex
from pulp_cargo.tests.support.registry import index_path
from pulp_cargo.tests.support.sparse_upstream import index_line

__all__ = ["in_a_task", "mirror_of"]


def local_registry(folder: Path, *crates: Crate) -> str:
    """Write a folder as `cargo local-registry` does; return its URL."""
    for crate in crates:
        file = folder / "index" / index_path(crate.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(index_line(crate, f"file://{folder}"))
        with open(file, "a") as lines:
            lines.write(f"{line}\n")
        (folder / f"{crate.name}-{crate.vers}.crate").write_bytes(crate.packed())
    return f"file://{folder}"


def test_local_registry(tmp_path: Path, mirror_of: MirrorOf, name: str) -> None:
    """Its files are copied whatever the policy, and wrong ones are left out."""
    from pulpcore.plugin.models import ContentArtifact

    crates = [Crate(f"{name}-{letter}") for letter in "abcd"]
    url = local_registry(tmp_path / "up" / "local", *crates)
    folder = tmp_path / "up" / "local"
    (folder / f"{name}-b-1.0.0.crate").write_bytes(b"other")
    (folder / f"{name}-c-1.0.0.crate").unlink()
    secret = tmp_path / "secret"
    secret.write_bytes(crates[3].packed())
    (folder / f"{name}-d-1.0.0.crate").unlink()
    (folder / f"{name}-d-1.0.0.crate").symlink_to(secret)
    mirror = mirror_of(url)
    report = mirror.sync().report
    assert mirror.crates == [f"{name}-a 1.0.0"]
    reasons = {one["name"]: one["reason"] for one in report.listed}
    assert reasons[f"{name}-b"].startswith("the SHA-256 of its file is ")
    assert reasons[f"{name}-c"] == "its file cannot be read: No such file or directory"
    assert reasons[f"{name}-d"].startswith("its file cannot be read: ")
    members = mirror.repository.latest_version().content
    (place,) = ContentArtifact.objects.filter(content__in=members)
    assert place.artifact is not None
    assert place.artifact.sha256 == crates[0].cksum()


def test_files_at_other_paths_of_a_local_registry(
    tmp_path: Path, mirror_of: MirrorOf, name: str
) -> None:
    """The same."""
    url = local_registry(tmp_path / "up" / "local", Crate(name))
    (tmp_path / "up" / "local" / "index" / "config.json").write_text("{}")
    (tmp_path / "up" / "local" / "index" / name).write_text("{}\n")
    report = mirror_of(url).sync().report
    assert [(one["name"], one["reason"]) for one in report.listed] == [(name, MISPLACED)]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../elsewhere", "is not below a path in `ALLOWED_IMPORT_PATHS`"),
        ("link", "is not below a path in `ALLOWED_IMPORT_PATHS`"),
        ("none", "does not exist where Pulp's workers run"),
        ("empty", "is neither a git repository nor a local registry"),
        ("borrowing", "has objects outside of its folder"),
    ],
)
def test_folders_that_are_refused(
    tmp_path: Path, mirror_of: MirrorOf, path: str, reason: str
) -> None:
    """No request reads another folder than an administrator has allowed."""
    from pulp_cargo.app.upstream.errors import CannotCopy

    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "up" / "empty").mkdir(parents=True)
    (tmp_path / "up" / "link").symlink_to(tmp_path / "elsewhere")
    borrowing = GitIndex(tmp_path / "up" / "borrowing")
    info = borrowing.folder / ".git" / "objects" / "info"
    (info / "alternates").write_text(f"{tmp_path}/elsewhere\n")
    mirror = mirror_of(f"file://{tmp_path}/up/{path}")
    with pytest.raises(CannotCopy, match=reason):
        mirror.sync()
    assert mirror.repository.latest_version().number == 0


def _link_git(folder: Path, private: Path) -> None:
    """The folder looks like a bare repository, but git prefers what `.git` leads to."""
    shutil.copytree(private / ".git", folder, dirs_exist_ok=True)
    (folder / ".git").symlink_to(private / ".git")


def _name_git(folder: Path, private: Path) -> None:
    shutil.copytree(private / ".git", folder, dirs_exist_ok=True)
    (folder / ".git").write_text(f"gitdir: {private}/.git\n")


def _link_packs(folder: Path, private: Path) -> None:
    shutil.copytree(private / ".git", folder, dirs_exist_ok=True)
    shutil.rmtree(folder / "objects" / "pack")
    (folder / "objects" / "pack").symlink_to(private / ".git" / "objects" / "pack")


def _link_an_object(folder: Path, private: Path) -> None:
    shutil.copytree(private / ".git", folder / ".git")
    (first, *_) = sorted((folder / ".git" / "objects").glob("??/*"))
    first.unlink()
    first.symlink_to(private / first.relative_to(folder))


def _link_a_reference(folder: Path, private: Path) -> None:
    shutil.copytree(private / ".git", folder / ".git")
    reference = Path("refs", "heads", "master")
    (folder / ".git" / reference).unlink()
    (folder / ".git" / reference).symlink_to(private / ".git" / reference)


def _link_beside(folder: Path, private: Path) -> None:
    """Git tries the name with `.git` if the folder itself is no repository."""
    shutil.copytree(private / ".git", folder, dirs_exist_ok=True)
    (folder / "HEAD").write_text("damaged")
    folder.with_suffix(".git").symlink_to(private / ".git")


def _damage_inner(folder: Path, private: Path) -> None:
    """Git ignores a `.git` that is no repository, and takes the folder around it."""
    _link_packs(folder, private)
    shutil.copytree(private / ".git", folder / ".git")
    (folder / ".git" / "HEAD").write_text("damaged")


@pytest.mark.parametrize(
    ("lead_outside", "reason"),
    [
        (_link_git, "has objects outside of its folder: `.git`"),
        (_name_git, "has objects outside of its folder: `.git`"),
        (_link_packs, "has objects outside of its folder: `objects/pack`"),
        (_link_an_object, "has objects outside of its folder: `.git/objects/../"),
        (_link_a_reference, "has objects outside of its folder: `.git/refs/heads/master`"),
        (_link_beside, "does not appear to be a git repository"),
        (_damage_inner, "does not appear to be a git repository"),
    ],
)
def test_git_repositories_that_lead_outside(
    tmp_path: Path,
    mirror_of: MirrorOf,
    name: str,
    lead_outside: Callable[[Path, Path], None],
    reason: str,
) -> None:
    """Of a repository that no administrator has allowed, nothing is read."""
    from pulp_cargo.app.upstream.errors import CannotCopy

    private = GitIndex(tmp_path / "private")
    private.have(Crate(name, "1.0.0"))
    folder = tmp_path / "up" / "index"
    folder.mkdir(parents=True)
    lead_outside(folder, private.folder)
    mirror = mirror_of(f"file://{folder}")
    with pytest.raises(CannotCopy, match=reason):
        mirror.sync()
    assert mirror.crates == []
