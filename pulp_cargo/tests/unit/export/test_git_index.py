"""The commits of a git index, as git itself shows them."""

import os
import shutil
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pulp_glue.cargo.export.folder import open_folder
from pulp_glue.cargo.export.git_index import (
    BRANCH,
    REMAINS,
    Blob,
    Commit,
    GitIndex,
    Head,
    changes_to,
    index_files,
    message,
)
from pulp_glue.cargo.export.versions import ExportedVersion, ExportError

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.git_index import git
from pulp_cargo.tests.unit.export.world import version_of

LEAF, NEXT = version_of(Crate("leaf")), version_of(Crate("leaf", "1.1.0"))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CONFIG = b'{"dl":"https://x.example/"}\n'


def made(text: str, changes: Mapping[str, bytes | int | None]) -> Commit:
    """Return a commit of noon."""
    return Commit(text, NOON, changes.items())


def commit(root: Path, *parts: Commit | Blob) -> Head | None:
    """Make commits in a run of its own, and return the newest."""
    with open_folder(root, "git") as folder:
        index = GitIndex(folder)
        index.write(parts, index.head())
        return index.head()


def test_commits_are_the_history(tmp_path: Path) -> None:
    """With the times and numbers that were given, on one branch, which is HEAD."""
    first = made(message("Version 1", 1), {"config.json": CONFIG, "le/af/leaf": b"a\n"})
    assert commit(tmp_path, first).number == 1  # type: ignore[union-attr]
    second = made(message("Version 4", 4), {"le/af/leaf": 1, "te/a_/tea_": b"t\n"})
    third = made(message("Version 5", 5), {"te/a_/tea_": None})
    assert commit(tmp_path, Blob(1, b"a\nb\n"), second, third).number == 5  # type: ignore[union-attr]
    assert git(tmp_path, "log", "--format=%s %at", "HEAD").splitlines() == [
        "Version 5 1793534400",
        "Version 4 1793534400",
        "Version 1 1793534400",
    ]
    assert git(tmp_path, "show", "HEAD:le/af/leaf") == "a\nb\n"
    assert git(tmp_path, "ls-tree", "-r", "--name-only", "HEAD").split() == [
        "config.json",
        "le/af/leaf",
    ]
    assert git(tmp_path, "fsck", "--strict") == ""


def test_interrupted_run_changes_nothing(tmp_path: Path) -> None:
    """The branch moves when all commits are there."""

    def broken() -> object:
        yield made("one", {"a": b"1"})
        raise KeyboardInterrupt

    before = commit(tmp_path, made("zero", {"a": b"0"}))
    with (
        open_folder(tmp_path, "git") as folder,
        pytest.raises(KeyboardInterrupt),
    ):
        GitIndex(folder).write(broken(), before)  # type: ignore[arg-type]
    with open_folder(tmp_path, "git") as folder:
        assert GitIndex(folder).head() == before
    assert git(tmp_path, "show", "HEAD:a") == "0"


def test_difference_is_what_is_not_there(tmp_path: Path) -> None:
    """Changed and new files with their content, and those to remove."""
    everything = dict(changes_to(index_files([[LEAF]], CONFIG), {}))
    assert everything == {"le/af/leaf": f"{LEAF.line}\n".encode(), "config.json": CONFIG}
    commit(tmp_path, made("one", everything))
    with open_folder(tmp_path, "git") as folder:
        blobs = GitIndex(folder).blobs()
    assert list(changes_to(index_files([[LEAF]], CONFIG), blobs)) == []
    assert dict(changes_to(index_files([[LEAF, NEXT]], CONFIG), blobs)) == {
        "le/af/leaf": f"{LEAF.line}\n{NEXT.line}\n".encode()
    }
    assert dict(changes_to(index_files([], CONFIG), blobs)) == {"le/af/leaf": None}


def test_difference_is_one_commit_or_none(tmp_path: Path) -> None:
    """Names that are no paths are left out."""
    with open_folder(tmp_path, "git") as folder:
        index = GitIndex(folder)
        bad = replace(LEAF, name="../leaf")
        for crates, commits in (([[LEAF], [bad]], 1), ([[LEAF]], 0), ([[LEAF, NEXT]], 1)):
            wanted = index_files(crates, CONFIG)
            assert index.write_difference(wanted, "text", index.head()) == commits
    assert git(tmp_path, "ls-tree", "-r", "--name-only", "HEAD").split() == [
        "config.json",
        "le/af/leaf",
    ]
    assert git(tmp_path, "rev-list", "--count", "HEAD") == "2\n"


def test_memory_does_not_depend_on_the_lines(tmp_path: Path) -> None:
    """Files go to git as they come: 40 MB of lines take some KB for the paths."""

    def crates() -> Iterator[list[ExportedVersion]]:
        for number in range(400):
            yield [replace(LEAF, name=f"crate-{number}", line="x" * 100_000)]

    with open_folder(tmp_path, "git") as folder:
        index = GitIndex(folder)
        tracemalloc.start()
        try:
            for _ in range(2):
                index.write_difference(index_files(crates(), CONFIG), "text", index.head())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 4_000_000


def test_settings_of_others_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither variables of a calling git nor a user's settings lead elsewhere."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "init.defaultBranch")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "trunk")
    commit(tmp_path / "index", made("one", {"a": b"1"}))
    monkeypatch.delenv("GIT_DIR")
    assert git(tmp_path / "index", "symbolic-ref", "HEAD") == "refs/heads/main\n"
    assert not (tmp_path / "other").exists()


def test_failure_of_git_changes_nothing(tmp_path: Path) -> None:
    """Whatever git refuses, or cannot write, the branch stays where it was, and a sentence says so."""
    before = commit(tmp_path, made("zero", {"a": b"0"}))
    with open_folder(tmp_path, "git") as folder:
        index = GitIndex(folder)
        many = {"b": b"1", "no//path": b"", **{f"c{number}": bytes(65536) for number in range(64)}}
        with pytest.raises(ExportError, match="git could not write"):
            index.write([made("one", many)], before)
        assert index.head() == before
    assert git(tmp_path, "show", "HEAD:a") == "0"
    assert commit(tmp_path, made("two", {"b": b"2"})) != before
    assert git(tmp_path, "fsck", "--strict", "--no-dangling") == ""


def remain_locked(root: Path) -> None:
    """Leave what a git that was killed leaves."""
    for path in (
        "HEAD.lock",
        "refs/heads/main.lock",
        "objects/pack/tmp_pack_x",
        "fast_import_crash_1",
    ):
        (root / path).touch()


def lose_head(root: Path) -> None:
    """Leave an empty file, as after a power failure."""
    (root / "HEAD").write_bytes(b"")


def lose_branch(root: Path) -> None:
    """Leave an empty file instead of the id of the commit."""
    (root / BRANCH).write_bytes(b"")


@pytest.mark.parametrize("damage", [remain_locked, lose_head, lose_branch])
def test_next_run_repairs_what_was_damaged(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """Nobody has to remove anything by hand."""
    commit(tmp_path, made("one", {"a": b"1"}))
    damage(tmp_path)
    with open_folder(tmp_path, "git") as folder:
        index = GitIndex(folder)
        wanted = [("a", b"1"), ("b", b"2")]
        assert index.write_difference(wanted, "two", index.head()) == 1
    assert git(tmp_path, "ls-tree", "-r", "--name-only", "HEAD").split() == ["a", "b"]
    assert git(tmp_path, "fsck", "--strict", "--no-dangling") == ""
    left = {path for pattern in REMAINS for path in tmp_path.glob(pattern)}
    assert left == set()


def test_reason_of_git_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a full disk it is not the last line, which says where git reports the crash."""
    pretended = tmp_path / "bin" / "git"
    pretended.parent.mkdir()
    real = shutil.which("git")
    pretended.write_text(
        f"""#!/bin/sh
[ "$1" = fast-import ] || exec {real} "$@"
cat > /dev/null
echo "fatal: cannot write pack: No space left on device" >&2
echo "fast-import: dumping crash report to fast_import_crash_1" >&2
exit 128
"""
    )
    pretended.chmod(0o755)
    monkeypatch.setenv("PATH", f"{pretended.parent}:{os.environ['PATH']}")
    with pytest.raises(ExportError, match=r"could not write .*: fatal: .* No space left on device"):
        commit(tmp_path / "index", made("one", {"a": b"1"}))
