"""Preparing contents of crates for pages: limits on time, fallbacks, and what is cached."""

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import pytest

from pulp_cargo.protocol.errors import InvalidCrateFile
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from pulp_cargo.app.services.crates.contents import CrateContents, StoredCrate

# What takes markdown, or the cleaning of HTML, far more than a second of processor time.
SLOW = ["[" * 400_000, "<div>" * 50_000, "_a**" * 200_000, "[a](" * 50_000]


@pytest.fixture
def contents() -> "Iterator[CrateContents]":
    """The contents, with processes of their own."""
    from pulp_cargo.app.services.crates.contents import CrateContents

    made = CrateContents()
    yield made
    made.stop()


Store = Callable[..., "StoredCrate"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Stores a crate file, by default one with a library."""

    def store(**fields: Any) -> "StoredCrate":
        from pulp_cargo.app.queries.crates.crate_file import StoredFile
        from pulp_cargo.app.services.crates.contents import StoredCrate

        crate = Crate("leaf", **{"files": {"src/lib.rs": b"fn\n", "b.bin": b"\0"}, **fields})
        path = tmp_path / crate.cksum()
        path.write_bytes(crate.packed())
        file = StoredFile(crate.cksum(), "leaf", path.stat().st_size, str(path), None)
        return StoredCrate(None, file, "leaf", "1.0.0")

    return store


def lose(crate: "StoredCrate") -> None:
    """Remove the file of a crate, so that it cannot be unpacked again."""
    Path(str(crate.file.path)).unlink()


def test_readme_is_rendered_once(contents: "CrateContents") -> None:
    """The next page finds it by the id of the unit."""
    unit = uuid.uuid4()
    assert contents.cached_readme(unit) is None
    assert contents.readme(unit, "*a*", None) == "<p><em>a</em></p>\n"
    assert contents.cached_readme(unit) == "<p><em>a</em></p>\n"
    assert contents.cached_readme(uuid.uuid4()) is None


def test_process_for_readmes_is_started_before_the_first_one(contents: "CrateContents") -> None:
    """It is started once, and the first readme is rendered by it."""
    contents.start()
    (reader,) = [one for one in contents._texts_pool._all if one._process is not None]
    process = reader._process
    contents.start()
    assert contents.readme(uuid.uuid4(), "*a*", None) == "<p><em>a</em></p>\n"
    started = [one._process for one in contents._texts_pool._all if one._process is not None]
    assert started == [process]


@pytest.mark.parametrize("text", SLOW, ids=lambda text: text[:5])
def test_readme_that_takes_too_long_is_shown_as_it_was_written(
    contents: "CrateContents", text: str
) -> None:
    """Its process is ended after a second; the next readme gets a new one."""
    escaped = text.replace("<", "&lt;").replace(">", "&gt;")
    assert contents.readme(uuid.uuid4(), text, None) == f'<pre tabindex="0">{escaped}</pre>'
    assert contents.readme(uuid.uuid4(), "*a*", None) == "<p><em>a</em></p>\n"


def test_crate_is_unpacked_once(contents: "CrateContents", store: Store) -> None:
    """Its list and all files that are shown come from the same reading, whatever was wanted first."""
    for first in (None, "src/lib.rs", "no/such.file"):
        crate = store(files={"src/lib.rs": b"fn\n", "b.bin": b"\0", "first": str(first).encode()})
        assert not contents.is_unpacked(crate, first)
        contents.unpack(crate, first)
        lose(crate)
        assert contents.is_unpacked(crate)
        files = contents.unpack(crate).files
        assert [one.path for one in files] == ["Cargo.toml", "b.bin", "first", "src/lib.rs"]
        for path, text in (("src/lib.rs", "fn\n"), ("b.bin", None), ("Cargo.toml", ANY)):
            assert contents.is_unpacked(crate, path)
            found = contents.unpack(crate, path).wanted
            assert found is not None and found.text == text
        assert contents.is_unpacked(crate, "other")
        assert contents.unpack(crate, "other").wanted is None


def test_crate_that_is_refused_is_not_unpacked_again(
    contents: "CrateContents", store: Store
) -> None:
    """With what is wrong with it, each time; nobody can spend processor time on it twice."""
    crate = store(archive=b"no crate")
    for _ in range(2):
        with pytest.raises(InvalidCrateFile, match="is not valid gzip"):
            contents.unpack(crate)
        assert contents.is_unpacked(crate, "src/lib.rs")
        Path(str(crate.file.path)).unlink(missing_ok=True)


def test_crate_that_takes_too_long_is_unpacked_once(
    contents: "CrateContents", store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel has ended its process, which would happen again."""
    from pulp_cargo.app.services.crates import contents as module

    asked: list[object] = []

    def ask(request: object) -> object:
        asked.append(request)
        raise InvalidCrateFile("the crate file takes too long to be read")

    monkeypatch.setattr(contents._unpacking_pool, "ask", ask)
    crate = store()
    for _ in range(3):
        with pytest.raises(InvalidCrateFile, match="takes too long"):
            contents.unpack(crate)
    assert len(asked) == 1
    assert module.CACHED_REFUSALS >= 100


def test_visitors_of_one_crate_have_it_unpacked_once(
    contents: "CrateContents", store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait for each other."""
    asked: list[object] = []
    real = contents._unpacking_pool.ask

    def ask(request: object) -> object:
        asked.append(request)
        time.sleep(0.2)
        return real(request)

    monkeypatch.setattr(contents._unpacking_pool, "ask", ask)
    crate = store()
    with ThreadPoolExecutor(5) as visitors:
        found = list(visitors.map(lambda _: contents.unpack(crate, "src/lib.rs"), range(5)))
    assert {one.wanted.text for one in found if one.wanted} == {"fn\n"}
    assert len(asked) == 1


def test_memory_for_texts_is_limited(
    contents: "CrateContents", store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a crate with much text only some of it is stored beside what was wanted."""
    from pulp_cargo.app.services.crates import contents as module

    monkeypatch.setattr(module, "MOST_TEXT_BYTES", 10_000)
    crate = store(files={f"src/{number}.rs": b"x" * 1_000 for number in range(30)})
    assert contents.unpack(crate, "src/29.rs").wanted is not None
    there = [n for n in range(30) if contents.is_unpacked(crate, f"src/{n}.rs")]
    assert 5 <= len(there) <= 9 and 29 in there
    found = contents.unpack(crate, "src/20.rs").wanted
    assert found is not None and found.text == "x" * 1_000
    assert contents._texts._values.currsize < 25_000
    assert module.CACHED_TEXT_BYTES <= 64 * 1024 * 1024


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
