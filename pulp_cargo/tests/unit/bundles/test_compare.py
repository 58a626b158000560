"""Folders that are compared with a snapshot, in the layouts of several tools."""

from pathlib import Path

import pytest
from pulp_glue.cargo.export.versions import index_path

from pulpcore.cli.cargo import compare
from pulpcore.cli.cargo.compare import Difference

from pulp_cargo.tests.support import bundles as made

LAYOUTS = {
    "local registry": ("index/", "{name}-{vers}.crate"),
    "static registry": ("", "crates/{name}/{name}-{vers}.crate"),
    "static registry without markers": ("", "crates/{name}/{vers}/download"),
}


def copy(folder: Path, layout: str) -> None:
    """Write a copy of the registry in the snapshot, and what else such folders have."""
    index, file = LAYOUTS[layout]
    for name in ("leaf", "tree"):
        path = folder / index / index_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.index_file([one for one in made.entries() if one.name == name]))
    for (name, vers), content in made.FILES.items():
        path = folder / file.format(name=name, vers=vers)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "config.json").write_text("{}")
    (folder / ".git").mkdir()
    (folder / ".git" / "more-1.0.0.crate").write_bytes(b"")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_differences_in_each_layout(layout: str, tmp_path: Path) -> None:
    """A whole copy has none, and a file that is missing or damaged is named."""
    copy(tmp_path, layout)
    expected = {entry.key: entry for entry in made.entries()}
    assert list(compare.of_folder(expected, tmp_path)) == []
    file = LAYOUTS[layout][1]
    (tmp_path / file.format(name="leaf", vers="1.0.0")).unlink()
    (tmp_path / file.format(name="tree", vers="0.1.0")).write_bytes(b"other")
    found = list(compare.of_folder(expected, tmp_path))
    assert found[0] == Difference("file", "leaf", "1.0.0", "its .crate file is missing")
    assert (found[1].problem, found[1].name) == ("file", "tree")
    assert len(found) == 2


def test_link_is_not_followed(tmp_path: Path) -> None:
    """A copy has the bytes themselves."""
    copy(tmp_path, "local registry")
    (tmp_path / "elsewhere").write_bytes(b"leaf 1")
    link = tmp_path / "leaf-1.0.0.crate"
    link.unlink()
    link.symlink_to(tmp_path / "elsewhere")
    expected = {entry.key: entry for entry in made.entries()}
    found = list(compare.of_folder(expected, tmp_path))
    assert found == [Difference("file", "leaf", "1.0.0", "its .crate file is missing")]
