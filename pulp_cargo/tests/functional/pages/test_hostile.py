"""Texts of crates that are HTML or scripts stay texts, wherever they are shown."""

from posixpath import normpath

import pytest

from pulp_cargo.tests.functional.pages import awkward
from pulp_cargo.tests.functional.pages.conftest import HOSTILE, hostile, visit
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

PATHS = (
    "",
    "search?q=hostile",
    "crates/hostile",
    "crates/hostile/1.0.0",
    "crates/hostile/versions",
    "crates/hostile/1.0.0/files",
    "crates/hostile/1.0.0/source/src/lib.rs",
    "crates/hostile/1.0.0/source/README.md",
    "crates/hostile/1.0.0/source/Cargo.toml",
    "crates/hostile/diff/1.0.0..1.0.0",
)
# What no text of a crate may become.
FORBIDDEN = {"script", "style", "iframe", "object", "embed", "svg", "math", "base"}


@pytest.fixture(scope="module")
def trap(stack: Stack) -> Registry:
    """A registry with a hostile crate."""
    registry = stack.make_registry()
    registry.publish(hostile())
    return registry


@pytest.mark.parametrize("path", PATHS)
def test_no_text_becomes_an_element(trap: Registry, path: str) -> None:
    """Neither elements nor event handlers come from a crate, and no link runs a script."""
    page = visit(trap, path)
    assert page.status == 200
    assert not {tag for tag, _ in page.elements} & FORBIDDEN
    for tag, values in page.elements:
        assert not [name for name in values if name.startswith("on") or name in ("style", "srcdoc")]
        target = values.get("href") or values.get("src")
        if target and tag != "link":
            assert target.startswith(("/", "?", "#", "https://", "http://")), target


def test_texts_are_shown_as_they_are(trap: Registry) -> None:
    """A person sees what was written."""
    page = visit(trap, "crates/hostile")
    assert page.text.count(" ".join(HOSTILE.split())) >= 4
    assert "javascript:alert(1)//" in page.text


def test_hidden_characters_in_sources_are_written_out(trap: Registry) -> None:
    """Characters that show code in another order than it runs are a known trick."""
    assert "// [U+202E]" in visit(trap, "crates/hostile/1.0.0/source/src/lib.rs").text


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("files", "src/[U+202E][U+200B][U+3164].rs"),
        ("source/src/lib.rs", "fn [U+202E][U+200B][U+3164]()"),
        (
            "source/src/%E2%80%AE%E2%80%8B%E3%85%A4.rs",
            "src/[U+202E][U+200B][U+3164].rs 0 B, 0 lines",
        ),
        (f"../diff/{awkward.VERS}..1.0.0", '+text = "[U+202E][U+200B][U+3164]WWW'),
        (f"../diff/{awkward.VERS}..1.0.0", "src/[U+202E][U+200B][U+3164].rs removed"),
    ],
)
def test_hidden_characters_are_written_out_wherever_files_are_shown(
    awkward_crates: Registry, path: str, shown: str
) -> None:
    """In names of files and in differences as well: no reader sees them otherwise."""
    page = visit(awkward_crates, normpath(f"crates/{awkward.NAME}/{awkward.VERS}/{path}"))
    assert shown in page.text
    assert not [one for one in awkward.HIDDEN if one in page.text]


@pytest.mark.parametrize(
    "path",
    [
        "search?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "search?q=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E&sort=new",
        "keywords/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "keywords/%3Cscript%3E",
        "categories/%3Cimg%20src=x%20onerror=alert(1)%3E",
        "crates/%3Cscript%3Ealert(1)%3C/script%3E",
        "crates/hostile/%3Cscript%3E",
        "crates/hostile/1.0.0/source/%3Cscript%3Ealert(1)%3C/script%3E",
        "crates/hostile/1.0.0/source/../../../etc/passwd",
        "crates/hostile/1.0.0/source/%2e%2e/%2e%2e/etc/passwd",
        "crates/hostile/diff/1.0.0..%3Cscript%3E",
        "search?sort=%3Cscript%3E",
        "search?page=0",
        "search?q=%00",
        "search?q=%ff",
        "search?q=" + "a" * 501,
        "crates/a%00b",
        "crates/hostile/1.0.0/source/%00",
        "crates/hostile/1.0.0/source/%ff",
        "%3Cscript%3E/x",
    ],
)
def test_texts_in_urls_stay_texts(trap: Registry, path: str) -> None:
    """What a link brings along is shown as text, also in errors."""
    page = visit(trap, path)
    assert page.status in (200, 400, 404)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-security-policy" in page.headers
    assert not {tag for tag, _ in page.elements} & FORBIDDEN
    assert not [tag for tag, values in page.elements if "onerror" in values]
