"""The processes that copy stored files into an export."""

import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pulp_glue.cargo.export.folder import OWN, ExportFolder, open_folder
from pulp_glue.cargo.export.index_files import IndexedFiles
from pulp_glue.cargo.export.versions import ExportedVersion, ExportError

if TYPE_CHECKING:
    from pulp_cargo.app.services.exports.copiers import Copiers

# As many as are not copied without a process.
COUNT = 8
OTHER = "a043fe21e8bf8bed4fa84b284afccc6706523638bf655e51f39e59d5fe436ace"


@pytest.fixture
def stored(tmp_path: Path) -> list[ExportedVersion]:
    """Versions of a crate, whose files are in a storage."""
    found = []
    for number in range(COUNT):
        content = f"the file of 1.0.{number}".encode()
        (tmp_path / "storage" / f"{number}").parent.mkdir(exist_ok=True)
        (tmp_path / "storage" / f"{number}").write_bytes(content)
        cksum = hashlib.sha256(content).hexdigest()
        version = ExportedVersion("leaf", f"1.0.{number}", cksum, "{}", len(content))
        found.append(replace(version, source=f"{number}"))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[ExportFolder]:
    """The folder of an export."""
    with open_folder(tmp_path / "out", "static") as opened:
        yield opened


@pytest.fixture
def copiers(folder: ExportFolder, tmp_path: Path) -> Iterator["Copiers"]:
    """The processes of its run, of which none has been started."""
    from pulp_cargo.app.services.exports import copiers

    with copiers.copiers(str(tmp_path / "storage"), IndexedFiles(folder), total=COUNT) as processes:
        yield processes


def tree(root: Path) -> dict[str, bytes]:
    """Return all files but those that say what the export is."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name not in ("lock", "state.json")
    }


@pytest.mark.parametrize("at_once", [1, COUNT])
def test_only_verified_files_appear(
    copiers: "Copiers", stored: list[ExportedVersion], tmp_path: Path, at_once: int
) -> None:
    """With a process or without one; each of the others has a reason, and leaves nothing."""
    storage = tmp_path / "storage"
    versions = list(stored)
    (storage / "1").write_bytes(b"another file 1.01")
    (storage / "2").write_bytes(b"the file of 1.0.2, and more")
    (storage / "3").unlink()
    versions[4] = replace(versions[4], source=None)
    parts = [versions[start : start + at_once] for start in range(0, COUNT, at_once)]
    reasons = [reason for part in parts for reason in copiers.add(part)]
    assert reasons == [
        None,
        f"the file has the checksum {OTHER}, but the index has {versions[1].cksum}",
        "the file has more than the 17 bytes of its record",
        "No such file or directory",
        "its file is not stored in this Pulp",
        *[None, None, None],
    ]
    assert tree(tmp_path / "out") == {
        "crates/leaf/leaf-1.0.0.crate": b"the file of 1.0.0",
        "crates/leaf/leaf-1.0.5.crate": b"the file of 1.0.5",
        "crates/leaf/leaf-1.0.6.crate": b"the file of 1.0.6",
        "crates/leaf/leaf-1.0.7.crate": b"the file of 1.0.7",
    }


def test_crate_in_several_parts_gets_all_of_its_files(
    copiers: "Copiers", stored: list[ExportedVersion], tmp_path: Path
) -> None:
    """The first part makes the folder, and the others add to it."""
    assert copiers.add(stored[:3]) == [None] * 3
    assert copiers.add(stored[3:]) == [None] * 5
    there = tree(tmp_path / "out")
    assert there == {
        f"crates/leaf/leaf-1.0.{number}.crate": f"the file of 1.0.{number}".encode()
        for number in range(COUNT)
    }


@pytest.mark.parametrize("at_once", [1, COUNT])
def test_index_files_are_stored(copiers: "Copiers", tmp_path: Path, at_once: int) -> None:
    """With a process or without one; a newer one replaces an older one."""
    files = [(f"le/af/leaf{number}", f"{number}".encode() * 100_000) for number in range(COUNT)]
    for start in range(0, COUNT, at_once):
        copiers.store([(path, b"older") for path, _ in files[start : start + at_once]])
        copiers.store(files[start : start + at_once])
    assert tree(tmp_path / "out") == dict(files)


@pytest.mark.parametrize("at_once", [1, COUNT])
def test_index_file_that_cannot_be_written_ends_the_run(
    copiers: "Copiers", folder: ExportFolder, at_once: int
) -> None:
    """With a process or without one; and nothing is left of it."""
    (folder.root / "le" / "af" / "leaf0").mkdir(parents=True)
    files = [(f"le/af/leaf{number}", b"{}") for number in range(at_once)]
    with pytest.raises(ExportError, match="out' cannot be written: Is a directory"):
        copiers.store(files)
    left = [path for path in (folder.root / OWN / "unfinished").rglob("*") if path.is_file()]
    assert left == []


def test_full_disk_ends_the_run(
    copiers: "Copiers", stored: list[ExportedVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process as well: a sentence says so, instead of a reason for each version."""
    from pulp_cargo.app.services.exports import copiers as module

    answer = (
        "import marshal, sys; marshal.load(sys.stdin.buffer);"
        "marshal.dump([(28, 'No space left on device')], sys.stdout.buffer)"
    )
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", answer))
    with pytest.raises(ExportError, match="out' cannot be written: No space left on device"):
        copiers.add(stored)


def test_process_that_ends_early_is_an_error(
    copiers: "Copiers", stored: list[ExportedVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed for its memory, for example; the next run goes on."""
    from pulp_cargo.app.services.exports import copiers as module

    killed = "import os; os.kill(os.getpid(), 9)"
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", killed))
    with pytest.raises(ExportError, match="a process that copies files has ended"):
        copiers.add(stored)


def test_lock_is_held_until_the_last_process_ends(
    stored: list[ExportedVersion], tmp_path: Path
) -> None:
    """So what a killed run leaves behind does not write while the next run does."""
    from pulp_cargo.app.services.exports.copiers import Copiers

    with open_folder(tmp_path / "out", "static") as folder:
        left = Copiers(str(tmp_path / "storage"), IndexedFiles(folder))
        assert left.add(stored) == [None] * COUNT
    with (
        pytest.raises(ExportError, match="another export is writing"),
        open_folder(tmp_path / "out", "static"),
    ):
        pass
    left.stop()
    with open_folder(tmp_path / "out", "static"):
        pass


def test_nothing_is_written_through_a_link(
    folder: ExportFolder, copiers: "Copiers", stored: list[ExportedVersion], tmp_path: Path
) -> None:
    """The folder of a crate may have become a link to anywhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder.root / "crates").mkdir()
    (folder.root / "crates" / "leaf").symlink_to(elsewhere)
    with pytest.raises(ExportError, match="leads out of"):
        copiers.add(stored)
    assert os.listdir(elsewhere) == []
    assert os.listdir(folder.root / OWN / "unfinished") == []
