"""Which files an upload means, and by what names."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import click
import pytest
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.exceptions import PulpException

from pulpcore.cli.cargo import upload
from pulpcore.cli.cargo.upload import crate_files


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with some files, as the current one."""
    for path in ("a/x.crate", "b/x.crate", "b/deep/y.crate", "b/notes.txt", "empty/z.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    monkeypatch.chdir(tmp_path)


def _meant(*paths: str) -> dict[str, str]:
    return {name: path.read_text() for name, path in crate_files(map(Path, paths)).items()}


def test_a_folder_means_the_crate_files_below_it() -> None:
    """At any depth, and no other files."""
    assert _meant("b") == {"b/deep/y.crate": "b/deep/y.crate", "b/x.crate": "b/x.crate"}


def test_a_file_that_is_named_twice_is_sent_once() -> None:
    """Whatever the way in which it is named."""
    assert _meant("a/x.crate", "a", "b/../a/x.crate") == {"a/x.crate": "a/x.crate"}


def test_no_two_files_have_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members of an archive have no `..` in their names, which could make two of them alike."""
    Path("b/a").mkdir()
    Path("b/a/x.crate").write_text("b/a/x.crate")
    monkeypatch.chdir("b")
    assert _meant("a/x.crate", "../a/x.crate") == {
        "a/x.crate": "b/a/x.crate",
        "1/a/x.crate": "a/x.crate",
    }


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("nope", "'nope' does not exist."),
        ("empty", "The folder 'empty' contains no .crate files."),
        ("b/notes.txt", "'b/notes.txt' is not a .crate file."),
    ],
)
def test_what_is_no_crate_file_is_refused(path: str, fault: str) -> None:
    """Before anything is sent, also if others are good."""
    with pytest.raises(click.ClickException) as refused:
        crate_files([Path("a/x.crate"), Path(path)])
    assert refused.value.message == fault


def test_more_files_than_the_server_takes_are_refused_before_any_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Packing and sending them would be in vain."""
    monkeypatch.setattr(upload, "MOST_FILES", 1)
    files = {name: Path(name) for name in ("a.crate", "b.crate")}
    with pytest.raises(PulpException, match="These are 2 files, but at most 1 can"):
        upload.into(Mock(spec=[]), files, None)


def test_messages_have_paths_as_they_were_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The members of an archive have other names, of which one may end like another."""
    monkeypatch.chdir("empty")
    files = crate_files([Path("../a/x.crate"), Path("../b")])
    repository = Mock(spec=PulpCargoRepositoryContext)
    repository.import_crates.side_effect = PulpException("`b/deep/y.crate` and `a/x.crate`: bad")
    with pytest.raises(PulpException) as refused:
        upload.into(repository, files, None)
    assert str(refused.value) == "`../b/deep/y.crate` and `../a/x.crate`: bad"


class Crates(Mock):
    """Stores files, but for one that is refused at once and one whose task fails."""

    def create(self, body: dict[str, Any], non_blocking: bool) -> dict[str, str]:
        """Begin a task."""
        if body["file"].name in self.refused:
            raise PulpException("bad")
        return {"pulp_href": str(body["file"])}


def _stored(monkeypatch: pytest.MonkeyPatch, *, refused: str = "", failing: str = "") -> list[str]:
    def made(_: Any, task: str) -> str:
        if task == failing:
            raise PulpException("failed")
        return task

    monkeypatch.setattr(upload, "_made", made)
    stored: list[str] = []
    files = crate_files([Path("a"), Path("b")])
    with pytest.raises(PulpException) as fault:
        for one in upload.without_repository(Crates(refused=refused), files, None):
            stored.append(one)
    return [*stored, str(fault.value)]


def test_what_is_stored_is_told_when_a_later_file_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether Pulp refuses the file itself or fails to store it."""
    assert _stored(monkeypatch, refused="y.crate") == ["a/x.crate", "b/deep/y.crate: bad"]
    assert _stored(monkeypatch, failing="a/x.crate") == [
        "b/deep/y.crate",
        "b/x.crate",
        "a/x.crate: failed",
    ]
