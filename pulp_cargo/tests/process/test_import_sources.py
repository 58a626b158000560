"""What is collected of a folder or an archive that is imported, without a database."""

import io
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.rules.import_marks import IndexMark
from pulp_cargo.tests.functional.rest.archives import archive
from pulp_cargo.tests.support.importing import (
    GIT,
    INDEX_LINE,
    commit,
    in_folder,
    kellnr_database,
    packed_folder,
)

if TYPE_CHECKING:
    from pulp_cargo.app.services.imports.collect import CrateFile, Source
    from pulp_cargo.app.services.imports.index_files import IndexMarks
    from pulp_cargo.app.services.imports.refused import Refused

NOW = datetime(2026, 1, 1, tzinfo=UTC)
THEN = datetime(2020, 2, 2, 2, 2, 2, tzinfo=UTC)
OURS = "a" * 64
LINE = INDEX_LINE.format(name="abcd", vers="1.0.0", cksum=OURS, yanked="true")
MARK = IndexMark("index/ab/cd/abcd", OURS, True, THEN)
VERSION = ("abcd", "1.0.0")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the only allowed one; the task runs beside it."""
    from pulp_cargo.app.services.imports import folder as module

    (tmp_path / "task").mkdir()
    monkeypatch.chdir(tmp_path / "task")
    allowed = tmp_path / "allowed"
    (allowed / "it").mkdir(parents=True)
    settings = SimpleNamespace(ALLOWED_IMPORT_PATHS=[str(allowed)])
    monkeypatch.setattr(module, "settings", settings)
    return allowed / "it"


@pytest.fixture
def source() -> Iterator["Source"]:
    """The collection of one import."""
    from pulp_cargo.app.runtime.free_space import FreeSpace
    from pulp_cargo.app.services.imports.collect import Source

    made = Source(FreeSpace(), most_files=10)
    yield made
    made.close()
    left = [path for path in os.listdir(".") if not path.endswith(".part")]
    assert left == []


def collected(source: "Source", folder: Path) -> "list[CrateFile | Refused]":
    """Collect a folder."""
    from pulp_cargo.app.services.imports.folder import folder_files

    return list(source.crates(folder_files(str(folder))))


def marks(source: "Source") -> "tuple[IndexMarks, list[tuple[str, str]]]":
    """Return what the indexes say of the version of the test, and what is refused."""
    refused: list[Refused] = []
    found = source.marks({VERSION}, NOW, refused)
    return found, [(one.path, one.sentence) for one in refused]


def names(found: "list[CrateFile | Refused]") -> list[tuple[str, str]]:
    """Return the paths, with the reasons of those that are refused."""
    return [(one.path, getattr(one, "sentence", "")) for one in found]


def test_index_files_are_read_wherever_they_are(source: "Source", folder: Path) -> None:
    """Of lines of other versions it is only counted how many there are."""
    other = INDEX_LINE.format(name="abcd", vers="2.0.0", cksum=OURS, yanked="false")
    in_folder(folder, {"index/ab/cd/abcd": LINE + other, "index/3/x/xyz": "no JSON"})
    assert collected(source, folder) == []
    found, refused = marks(source)
    assert (found.of, found.without_file, refused) == ({VERSION: [MARK]}, 1, [])
    assert (source.ignored, source.first_ignored) == (1, "index/3/x/xyz")


def test_index_file_of_another_crate_is_named(source: "Source", folder: Path) -> None:
    """The others are read."""
    in_folder(folder, {"ab/ce/abce": LINE, "index/ab/cd/abcd": LINE})
    assert collected(source, folder) == []
    found, ((path, reason),) = marks(source)
    assert (found.of, path) == ({VERSION: [MARK]}, "ab/ce/abce")
    assert "a line of another crate, 'abcd'" in reason


def test_large_index_file_is_refused(
    source: "Source", folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Index files are in memory as a whole."""
    from pulp_cargo.app.services.imports import collect

    monkeypatch.setattr(collect, "MAX_SIZE", 10)
    in_folder(folder, {"index/ab/cd/abcd": LINE})
    reason = "it has more than the 10 bytes of an index file"
    assert names(collected(source, folder)) == [("index/ab/cd/abcd", reason)]


@pytest.mark.parametrize("name", ["download", "ab" * 32])
def test_file_without_the_ending_may_be_a_crate(source: "Source", folder: Path, name: str) -> None:
    """If it begins like one; otherwise it is something else."""
    in_folder(folder, {f"a/{name}": b"\x1f\x8bx", f"b/{name}": b"npm", f"c/{name}": b""})
    ((path, reason),) = names(collected(source, folder))
    assert (path, reason, source.ignored) == (f"a/{name}", "", 2)


def test_too_many_crates_are_refused(source: "Source", folder: Path) -> None:
    """All of them are on disk at once."""
    in_folder(folder, {f"{number}.crate": b"x" for number in range(11)})
    with pytest.raises(BadRequest, match=r"more than 10 \.crate files; import them in parts"):
        collected(source, folder)


@pytest.fixture
def index(folder: Path) -> Path:
    """A git repository with the index file in its only commit, and a work tree without it."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    made = in_folder(folder / "index", {"ab/cd/abcd": LINE, "README.md": "hi"})
    commit(made)
    (made / "ab/cd/abcd").unlink()
    return made


def test_newest_commit_of_a_git_index_is_read(source: "Source", folder: Path, index: Path) -> None:
    """From loose objects."""
    assert collected(source, folder) == []
    found, refused = marks(source)
    expected = IndexMark("index/.git/ab/cd/abcd", OURS, True, THEN)
    assert (found.of, refused) == ({VERSION: [expected]}, [])


def test_bare_git_index_with_packs_is_read(source: "Source", folder: Path, index: Path) -> None:
    """In an archive as well, in any order of its files."""
    from pulp_cargo.app.services.imports.crate_archive import archive_files

    subprocess.run([*GIT, "-C", str(index), "gc", "-q"], check=True)
    (index / ".git").rename(folder / "bare.git")
    assert (folder / "bare.git/packed-refs").exists()
    packed = packed_folder(folder / "bare.git", "x.git/", reverse=True)
    assert list(source.crates(archive_files(io.BytesIO(packed)))) == []
    found, refused = marks(source)
    assert (found.of, refused) == ({VERSION: [IndexMark("x.git/ab/cd/abcd", OURS, True, THEN)]}, [])


def test_git_index_of_sha256_objects_is_read(source: "Source", folder: Path) -> None:
    """Which git tells apart by the configuration that is not taken."""
    made = in_folder(folder / "index", {"ab/cd/abcd": LINE})
    commit(made, "--object-format=sha256")
    (made / "ab/cd/abcd").unlink()
    assert collected(source, folder) == []
    found, refused = marks(source)
    assert (len(found.of[VERSION]), refused) == (1, [])


def test_configuration_and_hooks_of_a_git_index_are_not_used(
    source: "Source", folder: Path, index: Path
) -> None:
    """Whoever packs an archive could have commands in them."""
    ran = folder.parent / "ran"
    commands = f"[core]\n\tfsmonitor = touch {ran}\n[alias]\n\tls-tree = !touch {ran}\n"
    with (index / ".git/config").open("a") as config:
        config.write(commands)
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (index / ".git/hooks").mkdir(exist_ok=True)
        (index / ".git/hooks" / hook).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (index / ".git/hooks" / hook).chmod(0o755)
    collected(source, folder)
    found, refused = marks(source)
    assert (len(found.of), refused, ran.exists()) == (1, [], False)


def test_git_index_that_borrows_objects_is_refused(
    source: "Source", folder: Path, index: Path
) -> None:
    """They could be those of a repository outside of the allowed folders."""
    in_folder(index, {".git/objects/info/alternates": "/srv/git/secret.git/objects\n"})
    collected(source, folder)
    found, refused = marks(source)
    reason = (
        "the git repository cannot be read: it borrows objects of another repository; run"
        " `git repack -a` there"
    )
    assert (found.of, refused) == ({}, [("index/.git/", reason)])


@pytest.mark.parametrize("fault", ["object", "head", "program"])
def test_git_index_that_cannot_be_read_is_named(
    source: "Source", folder: Path, index: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is taken from it, nor is the import stopped."""
    if fault == "object":
        for path in (index / ".git/objects").glob("??/*"):
            path.chmod(0o644)
            path.write_bytes(b"damaged")
    elif fault == "head":
        (index / ".git/HEAD").write_text("ref: ../../../etc/passwd\n")
    else:
        monkeypatch.setenv("PATH", str(folder))
    collected(source, folder)
    found, ((path, reason),) = marks(source)
    assert (found.of, path) == ({}, "index/.git/")
    expected = "`git` is not installed" if fault == "program" else "git ls-tree failed"
    assert reason.startswith("the git repository cannot be read: ") and expected in reason


def test_database_of_kellnr_is_an_index(source: "Source", folder: Path) -> None:
    """With owners, which are taken only if they are asked for."""
    kellnr_database(
        folder / "db.sqlite",
        [("abcd", "1.0.0", OURS, True, "2020-02-02 02:02:02.000")],
        owners=[("abcd", "alice")],
    )
    assert collected(source, folder) == []
    found, refused = marks(source)
    assert (found.of, refused) == ({VERSION: [IndexMark("db.sqlite", OURS, True, THEN)]}, [])
    assert list(source.owners()) == [("abcd", "alice")]


def test_changes_in_the_log_of_a_database_count(source: "Source", folder: Path) -> None:
    """A data directory may be copied while kellnr runs."""
    path = folder / "db.sqlite"
    kellnr_database(path, [])
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode = WAL")
        row = ("abcd", "1.0.0", OURS, False, None)
        database.execute(
            "INSERT INTO crate_index (name, vers, cksum, yanked, pubtime) VALUES (?, ?, ?, ?, ?)",
            row,
        )
        database.commit()
        assert (folder / "db.sqlite-wal").stat().st_size
        collected(source, folder)
    found, refused = marks(source)
    assert (found.of, refused) == ({VERSION: [IndexMark("db.sqlite", OURS, False, None)]}, [])


def test_kellnr_without_times_is_read(source: "Source", folder: Path) -> None:
    """The column was added in 2026."""
    kellnr_database(folder / "db.sqlite", [("abcd", "1.0.0", OURS, False, None)], has_time=False)
    collected(source, folder)
    found, refused = marks(source)
    assert (found.of, refused) == ({VERSION: [IndexMark("db.sqlite", OURS, False, None)]}, [])


HOSTILE = {
    "other": "CREATE TABLE other (x)",
    "view": "CREATE VIEW crate_index AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n)"
    " SELECT 'abcd' AS name, '1.0.0' AS vers, 'c' AS cksum, 1 AS yanked FROM n",
    "virtual": "CREATE VIRTUAL TABLE crate_index USING fts5(name, vers, cksum, yanked)",
    "types": "CREATE TABLE crate_index (name, vers, cksum, yanked);"
    " INSERT INTO crate_index VALUES (x'ff', 1, NULL, 'x'), ('..', '1.0.0', 'c', 1)",
}


@pytest.mark.parametrize("statements", HOSTILE.values(), ids=HOSTILE)
def test_database_of_something_else_has_no_lines(
    source: "Source", folder: Path, statements: str
) -> None:
    """Views and virtual tables would run code of whoever made the database."""
    with sqlite3.connect(folder / "db.sqlite") as database:
        database.executescript(statements)
    collected(source, folder)
    found, refused = marks(source)
    assert found.of == {}
    expected = "the database has none of the tables of a kellnr index"
    assert refused == (
        [] if "types" in statements or "x'ff'" in statements else [("db.sqlite", expected)]
    )


def test_damaged_database_is_named(source: "Source", folder: Path) -> None:
    """It is untrusted, like every file."""
    in_folder(
        folder, {"db.sqlite": b"SQLite format 3\0" + b"\xff" * 5000, "x/db.sqlite": b"x" * 999}
    )
    collected(source, folder)
    found, refused = marks(source)
    assert found.of == {}
    assert [path for path, _ in refused] == ["db.sqlite", "x/db.sqlite"]
    assert all(reason.startswith("the database cannot be read: ") for _, reason in refused)


def test_database_that_takes_long_is_given_up(
    source: "Source", folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the clock, however it manages to take long."""
    from pulp_cargo.app.runtime import timeouts

    kellnr_database(folder / "db.sqlite", [("abcd", "1.0.0", OURS, False, None)] * 100_000)
    monkeypatch.setattr(timeouts, "SQLITE_TIMEOUT_SECONDS", 0)
    collected(source, folder)
    assert marks(source)[1] == [("db.sqlite", "the database cannot be read: interrupted")]


def test_unpacked_crate_needs_its_crate_file(source: "Source", folder: Path) -> None:
    """Files inside of it, such as the data of its tests, are not imported."""
    checksums = f'{{"files":{{}},"package":"{OURS}"}}'
    in_folder(
        folder,
        {
            "vendor/abcd/.cargo-checksum.json": checksums,
            "vendor/abcd/tests/old.crate": b"x",
            "vendor/local/.cargo-checksum.json": '{"files":{},"package":null}',
            "vendor/odd/.cargo-checksum.json": "{",
        },
    )
    found = names(collected(source, folder))
    assert found[0] == ("vendor/abcd/tests/old.crate", "")
    assert found[1][0] == "vendor/odd/.cargo-checksum.json" and "not a checksum" in found[1][1]
    assert source.is_unpacked("vendor/abcd/tests/old.crate")
    assert not source.is_unpacked("vendor/abcd-1.0.0.crate")
    without = {one.path: one.sentence for one in source.unpacked_crates(())}
    assert without.keys() == {"vendor/abcd", "vendor/local"} and OURS in without["vendor/abcd"]
    assert [one.path for one in source.unpacked_crates({OURS})] == ["vendor/local"]


def test_links_and_devices_are_not_followed(source: "Source", folder: Path) -> None:
    """Wherever they lead; those that are named like a crate are reported."""
    secret = folder.parents[1] / "secret"
    in_folder(secret, {"x.crate": b"secret", "ab/cd/abcd": LINE})
    (folder / "a.crate").symlink_to(secret / "x.crate")
    (folder / "ab").symlink_to(secret / "ab")
    (folder / "readme").symlink_to(secret / "x.crate")
    os.mkfifo(folder / "b.crate")
    assert names(collected(source, folder)) == [
        ("a.crate", "it is a symbolic link"),
        ("b.crate", "it is a FIFO"),
    ]
    assert (source.ignored, marks(source)[0].of) == (2, {})


def test_folder_must_be_below_an_allowed_one(source: "Source", folder: Path) -> None:
    """After links and `..` are resolved, so that none leads out of it."""
    outside = folder.parents[1] / "allowed-not"
    in_folder(outside, {"x.crate": b"x"})
    (folder / "link").symlink_to(outside)
    for path in (outside, folder / "../../allowed-not", folder / "link", Path("/")):
        with pytest.raises(BadRequest, match="is not below one of the folders in the setting"):
            collected(source, path)
    with pytest.raises(BadRequest, match="is not the absolute path of a folder"):
        collected(source, Path("it"))
    with pytest.raises(BadRequest, match="cannot be read: No such file or directory"):
        collected(source, folder / "nope")


def test_folder_that_becomes_a_link_is_not_entered(
    source: "Source", folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if that happens between the check of the path and its use."""
    from pulp_cargo.app.services.imports import folder as module

    outside = in_folder(folder.parents[1] / "outside", {"x.crate": b"x"})
    checked = module.allowed_path(str(folder))
    folder.rmdir()
    folder.symlink_to(outside)
    monkeypatch.setattr(module, "allowed_path", lambda path: checked)
    with pytest.raises(BadRequest, match="cannot be read: "):
        collected(source, folder)


def test_file_that_changes_meanwhile_is_refused(source: "Source", folder: Path) -> None:
    """Half of a file would be another crate, or a damaged one."""
    from pulp_cargo.app.services.imports.folder import folder_files

    in_folder(folder, {"a.crate": b"x" * 100, "b.crate": b"y"})
    files = folder_files(str(folder))

    def changing() -> Iterator:
        for file in files:
            if file.path == "a.crate":
                (folder / "a.crate").write_bytes(b"z" * 50)
            yield file

    found = names(list(source.crates(changing())))
    assert found == [("a.crate", "it was changed while it was read"), ("b.crate", "")]


def test_depth_of_a_folder_has_a_limit(source: "Source", folder: Path) -> None:
    """Each level has an open handle."""
    in_folder(folder, {"/".join("d" * 60) + "/x.crate": b"x", "y.crate": b"y"})
    assert names(collected(source, folder)) == [("y.crate", "")]
    assert source.ignored == 1


def test_names_that_are_no_text_are_replaced(source: "Source", folder: Path) -> None:
    """No message could have them."""
    with open(os.fsencode(folder) + b"/\xff.crate", "wb") as file:
        file.write(b"x")
    (one,) = collected(source, folder)
    assert one.path == "\N{REPLACEMENT CHARACTER}.crate"


def test_archive_and_folder_have_the_same_files(folder: Path) -> None:
    """Whichever way they come."""
    from pulp_cargo.app.services.imports.crate_archive import archive_files
    from pulp_cargo.app.services.imports.folder import folder_files

    files = {"a/b.crate": b"x" * 3_000_000, "c": b"", "a.d": b"1"}
    in_folder(folder, files)
    packed = io.BytesIO(archive([(f"./{path}", content) for path, content in files.items()]))
    assert {one.path: one.content() for one in folder_files(str(folder))} == files
    assert {one.path: one.content() for one in archive_files(packed)} == files
