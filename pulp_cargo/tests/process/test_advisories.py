"""The advisory database that an administrator provides: a directory, or an archive of one."""

import io
import json
import logging
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.services.policies.advisory_db import AdvisoryCopy

RUSTSEC = """```toml
[advisory]
id = "{id}"
package = "{crate}"

[versions]
patched = [">= 1.2.3"]
```

# What is wrong with it
"""
OSV = """{{"id": "{id}", "affected": [{{"package": {{"ecosystem": "crates.io", "name": "{crate}"}},
 "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "1.2.3"}}]}}]}}]}}"""
LEAF = RUSTSEC.format(id="RUSTSEC-2031-0001", crate="leaf-crate")
TREE = OSV.format(id="GHSA-1", crate="tree")
DATABASE = {
    "README.md": "# All advisories\n",
    "crates/leaf-crate/RUSTSEC-2031-0001.md": LEAF,
    "crates/tree/GHSA-1.json": TREE,
    "rust/std/RUSTSEC-2031-0002.md": RUSTSEC.format(id="RUSTSEC-2031-0002", crate="std"),
}


def directory(path: Path, files: dict[str, str]) -> Path:
    """The database as a checkout."""
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def tar(path: Path, files: dict[str, str]) -> Path:
    """The database as GitHub packs it, with one folder around all."""
    with tarfile.open(path / "db.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"advisory-db-main/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path / "db.tar.gz"


def zipped(path: Path, files: dict[str, str]) -> Path:
    """The database as a zip archive."""
    with zipfile.ZipFile(path / "db.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path / "db.zip"


def ids(copy: "AdvisoryCopy", crate: str) -> list[str]:
    """What a database has about a crate."""
    return [advisory.id for advisory in copy.about(crate)]


@pytest.fixture
def copy_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], "AdvisoryCopy"]:
    """Copies that look after their files each time they are asked."""
    from pulp_cargo.app.runtime import timeouts
    from pulp_cargo.app.services.policies import advisory_db

    monkeypatch.setattr(timeouts, "ADVISORY_CHECK_INTERVAL_SECONDS", 0.0)
    return advisory_db.AdvisoryCopy


@pytest.mark.parametrize("packed", [directory, tar, zipped])
def test_database_is_read_in_each_form(
    tmp_path: Path,
    copy_of: Callable[[Path], "AdvisoryCopy"],
    packed: Callable[[Path, dict[str, str]], Path],
) -> None:
    """Only what is in `crates/` is about crates; names count in any spelling."""
    copy = copy_of(packed(tmp_path, DATABASE))
    assert ids(copy, "Leaf_Crate") == ["RUSTSEC-2031-0001"]
    assert ids(copy, "tree") == ["GHSA-1"]
    assert ids(copy, "std") == ids(copy, "other") == []


@pytest.mark.parametrize("packed", [directory, zipped])
def test_export_without_folders_is_read(
    tmp_path: Path,
    copy_of: Callable[[Path], "AdvisoryCopy"],
    packed: Callable[[Path, dict[str, str]], Path],
) -> None:
    """OSV's archive of crates.io is flat."""
    assert ids(copy_of(packed(tmp_path, {"GHSA-1.json": TREE})), "tree") == ["GHSA-1"]


def test_the_folder_crates_alone_is_read(
    tmp_path: Path, copy_of: Callable[[Path], "AdvisoryCopy"]
) -> None:
    """Whoever names it means its advisories."""
    copy = copy_of(directory(tmp_path, DATABASE) / "crates")
    assert ids(copy, "leaf-crate") == ["RUSTSEC-2031-0001"]


def test_broken_advisory_is_left_out(
    tmp_path: Path, copy_of: Callable[[Path], "AdvisoryCopy"], caplog: pytest.LogCaptureFixture
) -> None:
    """The log names it, and the others count."""
    broken = {"crates/tree/broken.md": "# no TOML", "crates/tree/long.md": "x" * 2_000_000}
    copy = copy_of(directory(tmp_path, DATABASE | broken))
    (tmp_path / "crates" / "tree" / "latin.md").write_bytes(b"\xff")
    with caplog.at_level(logging.WARNING):
        assert ids(copy, "tree") == ["GHSA-1"]
    said = " ".join(caplog.messages)
    for name in ("broken.md", "long.md", "latin.md"):
        assert f"The advisory crates/tree/{name} is ignored" in said


def test_bad_part_of_an_advisory_is_left_out_alone(
    tmp_path: Path, copy_of: Callable[[Path], "AdvisoryCopy"], caplog: pytest.LogCaptureFixture
) -> None:
    """What is good beside it counts, and the log says what does not."""
    whole = json.loads(TREE)
    whole["affected"] = [{"ranges": []}, *whole["affected"]]
    files = DATABASE | {"crates/tree/GHSA-1.json": json.dumps(whole)}
    copy = copy_of(directory(tmp_path, files))
    with caplog.at_level(logging.WARNING):
        assert "GHSA-1" in ids(copy, "tree")
    said = " ".join(caplog.messages)
    assert "A part of the advisory crates/tree/GHSA-1.json is ignored: " in said
    assert "`affected[0]`" in said


def test_changed_files_are_read_again(
    tmp_path: Path, copy_of: Callable[[Path], "AdvisoryCopy"]
) -> None:
    """In a directory and in an archive; until then the copy before is used."""
    path = tar(tmp_path, DATABASE)
    copy = copy_of(path)
    assert ids(copy, "new") == []
    tar(tmp_path, {"crates/new/a.md": RUSTSEC.format(id="NEW", crate="new")})
    assert wait_for(copy, "new") == ["NEW"]
    assert ids(copy, "tree") == []


def test_unchanged_files_are_not_read_again(
    tmp_path: Path, copy_of: Callable[[Path], "AdvisoryCopy"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking is cheap, reading is not."""
    from pulp_cargo.app.services.policies import advisory_db

    read: list[Path] = []
    monkeypatch.setattr(advisory_db, "_read", lambda path: read.append(path) or {})
    copy = copy_of(directory(tmp_path, DATABASE))
    for _ in range(3):
        copy.about("leaf")
        with copy._reading:
            pass
    assert read == [tmp_path]


def test_what_cannot_be_read_leaves_the_copy_as_it_was(
    tmp_path: Path, copy_of: Callable[[Path], "AdvisoryCopy"], caplog: pytest.LogCaptureFixture
) -> None:
    """An archive that is just being written is one."""
    path = tar(tmp_path, DATABASE)
    copy = copy_of(path)
    assert ids(copy, "tree") == ["GHSA-1"]
    path.write_bytes(path.read_bytes()[:100])
    copy.look()
    with copy._reading:
        assert ids(copy, "tree") == ["GHSA-1"]
    assert f"The advisory database {path} cannot be read" in " ".join(caplog.messages)


def test_absent_database_has_nothing(
    tmp_path: Path, copy_of: Callable[[Path], "AdvisoryCopy"]
) -> None:
    """Also one that goes away; it is read when it comes."""
    path = tmp_path / "db"
    copy = copy_of(path)
    assert ids(copy, "tree") == []
    directory(path, DATABASE)
    assert wait_for(copy, "tree") == ["GHSA-1"]


def test_files_are_looked_after_now_and_then(tmp_path: Path) -> None:
    """Not for each crate that is asked about."""
    from pulp_cargo.app.services.policies.advisory_db import AdvisoryCopy

    copy = AdvisoryCopy(directory(tmp_path, DATABASE))
    assert ids(copy, "tree") == ["GHSA-1"]
    os.remove(tmp_path / "crates" / "tree" / "GHSA-1.json")
    copy.look()
    with copy._reading:
        assert ids(copy, "tree") == ["GHSA-1"]


def test_setting_names_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one there are no advisories."""
    from pulp_cargo.app.services.policies import advisory_db

    directory(tmp_path, DATABASE)
    for database, found in ((str(tmp_path), ["GHSA-1"]), ("", [])):
        monkeypatch.setattr(advisory_db, "settings", SimpleNamespace(CARGO_ADVISORY_DB=database))
        about = advisory_db.AdvisoryDatabase().about("tree")
        assert [one.id for one in about] == found


def wait_for(copy: "AdvisoryCopy", crate: str) -> list[str]:
    """Return what a database has about a crate, once it has something."""
    for _ in range(1000):
        if found := ids(copy, crate):
            return found
        with copy._reading:
            pass
    raise AssertionError(f"nothing about {crate}")
