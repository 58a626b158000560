"""The points of `docs/dev/cargo-protocol.md` and the docstrings of tests that cite them."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parents[1] / "docs" / "dev" / "cargo-protocol.md"
CITATION = re.compile(r"\[(\d+(?:(?:-|, )\d+)*)\]")
TESTED, _, UNTESTED = PAGE.read_text().partition("## Numbers without a test")


def test_what_is_cited_is_in_the_page() -> None:
    """A number in brackets leads to a point of the page."""
    assert sorted(_cited() - _points()) == []


def test_every_point_is_cited() -> None:
    """A point without a test is in the table at the end, with the reason."""
    assert sorted(_points() - _cited()) == []


def test_numbers_are_given_once_and_in_order() -> None:
    """Each number has a point or a reason why it has none, but not both."""
    numbers = _numbered()
    assert numbers == sorted(numbers)
    assert [number for number, times in Counter(numbers).items() if times > 1] == []
    without_test = {number for cell in _first_cells() for number in _numbers(cell)}
    assert not without_test & _points()
    assert without_test | _points() == set(range(1, max(numbers) + 1))


def _numbered() -> list[int]:
    return [int(number) for number in re.findall(r"^(\d+)\. ", TESTED, re.MULTILINE)]


def _points() -> set[int]:
    return set(_numbered())


def _first_cells() -> list[str]:
    return re.findall(r"^\| (\d[^|]*) \|", UNTESTED, re.MULTILINE)


@cache
def _cited() -> set[int]:
    return {
        number
        for path in TESTS.rglob("test_*.py")
        for docstring in _docstrings(path)
        for citation in CITATION.findall(docstring)
        for number in _numbers(citation)
    }


def _docstrings(path: Path) -> Iterator[str]:
    source = path.read_text()
    if not CITATION.search(source):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def _numbers(citation: str) -> Iterator[int]:
    for part in citation.split(","):
        first, _, last = part.strip().partition("-")
        yield from range(int(first), int(last or first) + 1)
