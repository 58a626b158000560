"""Which files an import of another registry sends, and what it prints of the result."""

from pathlib import Path
from unittest.mock import Mock

import click
import pytest
from pulp_glue.cargo.context import PulpCargoRepositoryContext

from pulpcore.cli.cargo import import_registry
from pulpcore.cli.cargo.import_registry import counted, source_files

FILES = (
    "kellnr/crates/a-1.0.0.crate",
    "kellnr/db.sqlite",
    "kellnr/.git/HEAD",
    "vendor/b/.cargo-checksum.json",
    "vendor/b/src/lib.rs",
    "vendor/b/Cargo.toml",
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the files of registries, as the current one."""
    for path in FILES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    (tmp_path / "kellnr/link.crate").symlink_to("crates/a-1.0.0.crate")
    (tmp_path / "kellnr/loop").symlink_to(".")
    monkeypatch.chdir(tmp_path)


def _meant(*paths: str) -> dict[str, str]:
    return {name: file.read_text() for name, file in source_files(map(Path, paths)).items()}


def test_all_files_of_a_folder_are_sent_without_links() -> None:
    """The server decides which of them are for an import."""
    sent = _meant("kellnr")
    assert sent == {path: path for path in FILES if path.startswith("kellnr/")}


def test_folders_and_files_can_be_combined() -> None:
    """Each keeps its own name, and no two files have the same."""
    assert list(_meant("kellnr/crates", "kellnr/db.sqlite", "kellnr/db.sqlite")) == [
        "crates/a-1.0.0.crate",
        "db.sqlite",
        "2/db.sqlite",
    ]


def test_only_the_checksum_of_an_unpacked_crate_is_sent() -> None:
    """Its files are of no use."""
    assert list(_meant("vendor")) == ["vendor/b/.cargo-checksum.json"]


def test_nothing_is_sent_if_there_is_nothing_or_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packing and sending it would be in vain."""
    repository = Mock(spec=PulpCargoRepositoryContext)
    for paths, fault in (((), "There are no files"), (("none",), "'none' does not exist")):
        with pytest.raises(click.ClickException, match=fault):
            import_registry._send(repository, map(Path, paths), {}, 1)
    for limit in ("MOST_FILES", "MOST_BYTES"):
        with monkeypatch.context() as changed:
            changed.setattr(import_registry, limit, 0)
            with pytest.raises(click.ClickException, match=r"1 \.crate files and .* import parts"):
                import_registry._send(repository, [Path("kellnr")], {}, 1)
    assert repository.mock_calls == []


@pytest.mark.parametrize(
    ("done", "sentence"),
    [
        ({"added": 0, "refused": 3}, "Nothing was added."),
        ({"added": 1, "ignored": 2}, "1 version was added, 2 other files were ignored."),
        ({"owners": 1, "without_file": 1}, "1 owner was added, 1 version in an index has no file."),
    ],
)
def test_result_is_a_sentence(done: dict[str, int], sentence: str) -> None:
    """With the numbers that are not zero."""
    assert counted(done) == sentence
