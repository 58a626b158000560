"""Readmes as careless people write them can be read by everybody."""

import re
import time

import pytest

from pulp_cargo.tests.unit.rules.test_readme import shown


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("### a\n\n# b\n\n#### c\n\n## d\n\n# e", "h3 h3 h4 h4 h3"),
        ("# a\n\n## b\n\n### c\n\n#### d\n\n##### e", "h3 h4 h5 h6 h6"),
        ("<h1>a</h1>\n\n### b\n\n<H3>c</H3>\n\n<div><h6>d</h6></div>", "h3 h4 h5 h6"),
        ("> # a\n>\n> > ### b\n\n- ##### c", "h3 h4 h5"),
        ("#\n\n### <!-- a -->\n\n## b", "h3"),
    ],
)
def test_outline_has_no_gaps(text: str, headings: str) -> None:
    """Screen readers list headings; each is at most one level below that before it, and none is empty."""
    html = shown(text)
    assert re.findall(r"<(h\d)", html) == headings.split()
    assert re.findall(r"</(h\d)", html) == headings.split()
    assert not re.search(r"<(h\d)[^>]*></\1>", html)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("![a](https://a.example/b.svg)", "a"),
        ("![](https://a.example/b%20c.svg?d)", "b c.svg"),
        ("![](https://a.example)", "image"),
        ("[![](https://a.example/b.svg)](https://a.example)", "b.svg"),
        ("![](<https://[x>)", "image"),
        ("<img src=https://a.example/b.svg>", "b.svg"),
        ("<h1 align=center><img src='https://a.example/b.svg'></h1>", "b.svg"),
        ("<img src=https://a.example/b.svg alt='a b'>", "a b"),
        ("<img src=https://a.example/b.svg alt=''>", ""),
        ("<a href=https://a.example><img src=https://a.example/b.svg alt=''></a>", "b.svg"),
        ("<a href=https://a.example><picture><img src=https://a.example/b alt></picture></a>", "b"),
        ("<a href=https://a.example><img src=https://a.example/b.svg alt=a></a>", "a"),
        ('<a href=https://a.example><img alt="a b" src=https://a.example/b.svg></a>', "a b"),
        ("<a href=https://a.example>c</a> <img src=https://a.example/b.svg alt=''>", ""),
        ("<img src='https://a.example/&quot;onerror=&quot;x'>", "&quot;onerror=&quot;x"),
        ("<img>", "image"),
    ],
)
def test_images_have_names(text: str, name: str) -> None:
    """The name of the file for an image without a text, but not for an ornament outside of links."""
    assert re.findall(r' alt="([^"]*)"', shown(text)) == [name]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[](https://a.example)", '<a href="https://a.example" rel="nofollow noopener">https://a'),
        ("a <a id='b' href='#c'></a>", '<p>a <span id="readme-b"></span></p>'),
        ("<div><a name='b' href='#c'> </a></div>", "<div><span> </span></div>"),
        ("a <a href='https://a.example'>b</a>", '<a href="https://a.example" rel="nofollow noop'),
    ],
)
def test_links_have_texts(text: str, html: str) -> None:
    """An empty link shows its target, and an anchor is none."""
    assert html in shown(text)


def test_ids_are_unique() -> None:
    """The first element keeps it, whether Markdown or HTML."""
    ids = re.findall(r'<(\w+) id="([^"]*)"', shown("<p id=a>1</p>\n\n<i id=a>2</i>\n\n# a\n\n# a"))
    assert ids == [("p", "readme-a"), ("h3", "readme-a-1")]


def test_wide_tables_in_html_scroll_by_themselves() -> None:
    """As those of Markdown do, also one within another."""
    html = shown("<table><tr><td>a</td></tr></table>\n\n<TABLE align=left><tr><td><table>")
    scrolled = '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table'
    assert html.count("<table") == html.count(scrolled) == html.count("</table></div>") == 3


@pytest.mark.parametrize("text", ["<img ", "<a ", "<a>", "<h1", "<table", "<a href='", "<img alt "])
def test_time_does_not_grow_with_the_square_of_the_size(text: str) -> None:
    """A readme in which nothing is finished."""
    started = time.process_time()
    shown(text * (50_000 // len(text)))
    assert time.process_time() - started < 2
