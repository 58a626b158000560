"""`pulp cargo content upload`: files and folders, in one version or in no repository."""

import hashlib
import json
from pathlib import Path

import pytest

from pulp_cargo.protocol.paths import index_path
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.importing import INDEX_LINE, in_folder
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.traces import remove_orphan


@pytest.fixture
def folder(tmp_path: Path, name: str) -> Path:
    """Two .crate files, one of them in a folder of its own, and a file of another kind."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "one.crate").write_bytes(Crate(f"{name}-a").packed())
    (tmp_path / "deep" / "two.crate").write_bytes(Crate(f"{name}-b").packed())
    (tmp_path / "README").write_text("no crate")
    return tmp_path


def _held(pulp: Pulp, repository: str) -> set[str]:
    found = pulp.cargo("repository", "content", "list", "--repository", repository)
    return {unit["name"] for unit in found}


@pytest.mark.parametrize("chunks", [(), ("--chunk-size", "1000")], ids=["whole", "in chunks"])
def test_a_folder_is_added_in_one_version(
    pulp: Pulp, name: str, folder: Path, chunks: tuple[str, ...]
) -> None:
    """All .crate files at any depth, by one request or in chunks."""
    pulp.cargo("repository", "create", "--name", name)
    upload = ("content", "upload", str(folder), "--repository", name, *chunks)
    assert pulp.cargo(*upload)["number"] == 1
    assert _held(pulp, name) == {f"{name}-a", f"{name}-b"}
    again = pulp.run("cargo", *upload)
    assert "The repository already has these crates: nothing changed.\n" in again.stderr
    assert json.loads(again.stdout)["number"] == 1


def test_another_registry_is_imported_with_its_yanks(pulp: Pulp, name: str, tmp_path: Path) -> None:
    """A folder is packed and sent; what is refused is named, and nothing is done twice."""
    file = Crate(name).packed()
    line = INDEX_LINE.format(
        name=name, vers="1.0.0", cksum=hashlib.sha256(file).hexdigest(), yanked="true"
    )
    crate = f"{name}-1.0.0.crate"
    in_folder(tmp_path / "old", {crate: file, "bad.crate": b"x", index_path(name): line})
    pulp.cargo("repository", "create", "--name", name)
    command = ("cargo", "repository", "import", "--name", name, str(tmp_path / "old"))
    with pytest.raises(PulpFailed, match=r"`old/bad\.crate` in the archive: .*gzip") as refused:
        pulp.run(*command, "--strict")
    assert refused.value.status == 1
    with pytest.raises(PulpFailed, match=r"`old/bad\.crate` was refused: .*gzip") as refused:
        pulp.run(*command)
    assert "1 version was added, 1 version is yanked in the source.\n" in refused.value.said
    assert (refused.value.status, json.loads(refused.value.stdout)["number"]) == (1, 1)
    marks = pulp.cargo("repository", "content", "--type", "yank", "list", "--repository", name)
    assert [mark["vers"] for mark in marks] == ["1.0.0"]
    (tmp_path / "old/bad.crate").unlink()
    again = pulp.run(*command, "--chunk-size", "1000")
    assert "The repository already has these crates: nothing changed.\n" in again.stderr
    with pytest.raises(PulpFailed, match="Give either paths or --server-path"):
        pulp.run(*command, "--server-path", "/srv")
    with pytest.raises(PulpFailed, match="is not below one of the folders in the setting"):
        pulp.run(*command[:-1], "--server-path", "/srv")


def test_bad_file_is_named_and_the_others_are_added(pulp: Pulp, name: str, folder: Path) -> None:
    """And the status says that not all of them are there."""
    (folder / "bad.crate").write_bytes(b"no archive")
    pulp.cargo("repository", "create", "--name", name)
    with pytest.raises(PulpFailed, match=r"bad\.crate` was refused: .*gzip") as refused:
        pulp.run("cargo", "content", "upload", str(folder), "--repository", name)
    assert refused.value.status == 1
    assert "1 of 3 files were refused" in refused.value.said
    assert json.loads(refused.value.stdout)["number"] == 1
    assert _held(pulp, name) == {f"{name}-a", f"{name}-b"}


def test_a_bad_file_has_the_path_that_was_typed(
    pulp: Pulp, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it has another one in the archive that is sent."""
    (folder / "bad.crate").write_bytes(b"no archive")
    monkeypatch.chdir(folder / "deep")
    pulp.cargo("repository", "create", "--name", name)
    with pytest.raises(PulpFailed, match=r"`\.\./bad\.crate`"):
        pulp.run("cargo", "content", "upload", "../bad.crate", "--repository", name)


def test_what_was_stored_is_printed_before_a_fault(
    stack: Stack, pulp: Pulp, name: str, folder: Path
) -> None:
    """It is there, and in no repository in which it could be seen."""
    bad = f"no archive of {name}".encode()
    (folder / "zz.crate").write_bytes(bad)
    with pytest.raises(PulpFailed, match=r"Error: .*zz\.crate: ") as refused:
        pulp.run("cargo", "content", "upload", str(folder / "one.crate"), str(folder / "zz.crate"))
    (printed,) = json.loads(refused.value.stdout)
    assert printed["name"] == f"{name}-a"
    remove_orphan(stack, bad)


def test_only_administrators_store_files_in_no_repository(
    stack: Stack, pulp: Pulp, name: str, folder: Path
) -> None:
    """Others hear what they may do instead."""
    stack.rest.make("users/", username=name, password=f"{name}-pw-1")
    theirs = Pulp(pulp.home, pulp.base_url, (name, f"{name}-pw-1"))
    with pytest.raises(PulpFailed) as refused:
        theirs.run("cargo", "content", "upload", str(folder / "one.crate"))
    assert refused.value.said.splitlines()[-1] == (
        f"Error: {folder}/one.crate: only administrators may store files without a"
        " repository: select one with `--repository`."
    )


def test_without_a_repository_files_are_stored(pulp: Pulp, name: str, folder: Path) -> None:
    """What was made of each is printed."""
    made = pulp.cargo("content", "upload", str(folder / "one.crate"), str(folder / "deep"))
    assert [(unit["name"], unit["vers"]) for unit in made] == [
        (f"{name}-a", "1.0.0"),
        (f"{name}-b", "1.0.0"),
    ]
    assert pulp.cargo("content", "show", "--name", f"{name}-a", "--vers", "1.0.0") == made[0]
