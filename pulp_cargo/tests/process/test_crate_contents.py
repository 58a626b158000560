"""Preparing contents of crates for pages: limits on time, fallbacks, and what is cached."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pulp_cargo.protocol.errors import InvalidCrateFile
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from pulp_cargo.app.queries.crates.crate_file import StoredFile
    from pulp_cargo.app.services.crates.contents import CrateContents

# What takes markdown, or the cleaning of HTML, far more than a second of processor time.
SLOW = ["[" * 100_000, "<div>" * 50_000, "_a**" * 200_000, "[a](" * 50_000]


@pytest.fixture
def contents() -> "Iterator[CrateContents]":
    """The contents, with processes of their own."""
    from pulp_cargo.app.services.crates.contents import CrateContents

    made = CrateContents()
    yield made
    made.stop()


@pytest.fixture
def stored(tmp_path: Path) -> "StoredFile":
    """A stored .crate file."""
    from pulp_cargo.app.queries.crates.crate_file import StoredFile

    crate = Crate("leaf", files={"src/lib.rs": b"fn\n"})
    path = tmp_path / "leaf.crate"
    path.write_bytes(crate.packed())
    return StoredFile(crate.cksum(), "leaf", path.stat().st_size, str(path), None)


def test_readme_is_rendered_once(contents: "CrateContents") -> None:
    """The next page finds it by the id of the unit."""
    unit = uuid.uuid4()
    assert contents.cached_readme(unit) is None
    assert contents.readme(unit, "*a*", None) == "<p><em>a</em></p>\n"
    assert contents.cached_readme(unit) == "<p><em>a</em></p>\n"
    assert contents.cached_readme(uuid.uuid4()) is None


@pytest.mark.parametrize("text", SLOW, ids=lambda text: text[:5])
def test_readme_that_takes_too_long_is_shown_as_it_was_written(
    contents: "CrateContents", text: str
) -> None:
    """Its process is ended after a second; the next readme gets a new one."""
    escaped = text.replace("<", "&lt;").replace(">", "&gt;")
    assert contents.readme(uuid.uuid4(), text, None) == f'<pre tabindex="0">{escaped}</pre>'
    assert contents.readme(uuid.uuid4(), "*a*", None) == "<p><em>a</em></p>\n"


def test_files_of_a_crate(contents: "CrateContents", stored: "StoredFile") -> None:
    """They are listed once; a file is read each time."""
    files = contents.files(None, stored, "leaf", "1.0.0")
    assert [one.path for one in files] == ["Cargo.toml", "src/lib.rs"]
    found = contents.file(None, stored, "leaf", "1.0.0", "src/lib.rs")
    assert found is not None and found.text == "fn\n"
    Path(str(stored.path)).unlink()
    assert contents.files(None, stored, "leaf", "1.0.0") == files


def test_damaged_file_is_refused(contents: "CrateContents", stored: "StoredFile") -> None:
    """With what is wrong with it."""
    Path(str(stored.path)).write_bytes(b"no crate")
    with pytest.raises(InvalidCrateFile, match="is not valid gzip"):
        contents.files(None, stored, "leaf", "1.0.0")


def test_lines_and_differences(contents: "CrateContents") -> None:
    """Both come from the process."""
    assert contents.lines("fn\n", "a.rs") == ['<span class="hl-k">fn</span>']
    assert contents.differences("a\n", "b\n") == ["@@ -1 +1 @@", "-a", "+b"]


def test_large_values_are_not_cached(contents: "CrateContents") -> None:
    """A value that is larger than the cache is returned all the same."""
    from pulp_cargo.app.services.crates import contents as module

    unit = uuid.uuid4()
    text = "&" * (module.CACHED_CHARACTERS // 5 + 1)
    assert contents.readme(unit, text, None).startswith('<pre tabindex="0">&amp;')
    assert contents.cached_readme(unit) is None
