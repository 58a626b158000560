"""How the files of an export appear: complete and verified, those of a new folder at once."""

import hashlib
import marshal
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pulp_glue.cargo.export import copying
from pulp_glue.cargo.export.copying import Copy, Failure, Writer

MISSING = (2, "No such file or directory")


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    """A writer whose unfinished files are in a folder of their own."""
    (tmp_path / "unfinished").mkdir()
    return Writer(f"{tmp_path}/unfinished/")


def copy_of(tmp_path: Path, name: str) -> Copy:
    """Store a file, and return the order to copy it."""
    content = f"the file {name}".encode()
    (tmp_path / f"stored-{name}").write_bytes(content)
    cksum = hashlib.sha256(content).hexdigest()
    return f"{tmp_path}/stored-{name}", name, len(content), cksum


def names(folder: Path) -> list[str]:
    """Return the names of what is in a folder."""
    return sorted(os.listdir(folder))


def test_folder_appears_with_the_files_that_are_verified(writer: Writer, tmp_path: Path) -> None:
    """The others have a reason."""
    a, b = copy_of(tmp_path, "a"), copy_of(tmp_path, "b")
    gone = (f"{tmp_path}/gone", "c", 1, "")
    assert writer.folder(f"{tmp_path}/new", [a, gone, b]) == [None, MISSING, None]
    assert names(tmp_path / "new") == ["a", "b"]
    assert (tmp_path / "new" / "a").read_bytes() == b"the file a"
    assert names(tmp_path / "unfinished") == []


def test_folder_without_any_verified_file_does_not_appear(writer: Writer, tmp_path: Path) -> None:
    """Nothing is left of it."""
    assert writer.folder(f"{tmp_path}/new", [(f"{tmp_path}/gone", "c", 1, "")]) == [MISSING]
    assert not (tmp_path / "new").exists()
    assert names(tmp_path / "unfinished") == []


def test_files_are_added_to_a_folder_that_has_appeared_meanwhile(
    writer: Writer, tmp_path: Path
) -> None:
    """Two processes may have a part each of a crate with many versions."""
    a, b = copy_of(tmp_path, "a"), copy_of(tmp_path, "b")
    assert writer.folder(f"{tmp_path}/new", [a]) == [None]
    assert writer.folder(f"{tmp_path}/new", [b, a]) == [None, None]
    assert names(tmp_path / "new") == ["a", "b"]
    assert names(tmp_path / "unfinished") == []


@pytest.mark.parametrize("kind", ["link", "file"])
def test_folder_replaces_nothing_else(writer: Writer, tmp_path: Path, kind: str) -> None:
    """A link may lead anywhere."""
    (tmp_path / "elsewhere").mkdir()
    if kind == "link":
        (tmp_path / "new").symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "new").write_text("mine")
    failures = writer.folder(f"{tmp_path}/new", [copy_of(tmp_path, "a")])
    assert failures == [(20, "Not a directory")]
    assert names(tmp_path / "elsewhere") == []
    assert names(tmp_path / "unfinished") == []


@pytest.mark.parametrize("longer", [b"", b"x", b"x" * 3_000_000])
def test_file_that_changes_is_not_copied(writer: Writer, tmp_path: Path, longer: bytes) -> None:
    """It has other bytes, or more of them, than its record says."""
    source, _, size, cksum = copy_of(tmp_path, "a")
    Path(source).write_bytes(b"the file b" + longer)
    other = hashlib.sha256(b"the file b").hexdigest()
    failure: Failure = (0, f"the file has the checksum {other}, but the index has {cksum}")
    if longer:
        failure = (0, "the file has more than the 10 bytes of its record")
    assert writer.file((source, f"{tmp_path}/a", size, cksum)) == failure
    assert not (tmp_path / "a").exists()
    assert names(tmp_path / "unfinished") == []


def test_killed_process_leaves_no_part_of_a_folder(tmp_path: Path) -> None:
    """Its files are complete or not visible; here, it waits for the rest of the second one."""
    slow = tmp_path / "slow"
    os.mkfifo(slow)
    (tmp_path / "unfinished").mkdir()
    copies = [copy_of(tmp_path, "a"), (str(slow), "b", 1_000, "")]
    command = (sys.executable, "-I", "-S", copying.__file__, f"{tmp_path}/unfinished/")
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        marshal.dump(([(f"{tmp_path}/new", copies)], [], []), process.stdin)
        process.stdin.flush()
        with slow.open("wb", buffering=0) as half:
            half.write(b"half")
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert (tmp_path / "unfinished" / "0" / "a").read_bytes() == b"the file a"
    assert not (tmp_path / "new").exists()
