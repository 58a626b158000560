"""What many readmes lack for screen readers and phones: an outline without gaps, names, room.

Headings must not skip a level, images and links need a text, and wide tables must scroll by
themselves. All of this changes a readme before it is cleaned (`rules/readme`), so mistakes here
cannot make it unsafe.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from markdown_it.token import Token

# The page's own headings are of the levels 1 and 2.
HEADINGS_BELOW = 2
LOWEST_HEADING = 6
# A wide table or a long line is scrolled by itself; the keyboard has to reach what is scrolled.
SCROLLED = '<div class="scroll" tabindex="0" role="group" aria-label="Table">'
# For an image whose URL does not name a file.
IMAGE = "image"

# Without `<` in it, so that the time does not grow with the square of unfinished elements.
_ELEMENT = re.compile(r"<(/?)(h[1-6]|table|img|a)(?![\w-])([^<>]*)>", re.IGNORECASE)
_EMPTY_LINK = re.compile(r"<a(?![\w-])([^<>]*)>(\s*)</a\s*>", re.IGNORECASE)
_ALT = re.compile(r"\salt\s*=\s*([\"']?)\s*(\S?)", re.IGNORECASE)
_SRC = re.compile(r"\ssrc\s*=\s*[\"']?([^\"'\s]+)", re.IGNORECASE)
_NO_SLUG = re.compile(r"[^\w\- ]+")


@dataclass(slots=True)
class Outline:
    """The headings of a readme, in order: their levels below those of the page, and their ids."""

    level: int = HEADINGS_BELOW
    slugs: Counter[str] = field(default_factory=Counter)
    in_link: bool = False

    def below(self, level: int) -> str:
        """Return the element for the next heading: at most one level below that before it."""
        self.level = min(level + HEADINGS_BELOW, self.level + 1, LOWEST_HEADING)
        return self.last

    @property
    def last(self) -> str:
        """The element of the last heading."""
        return f"h{self.level}"

    def slug(self, heading: str) -> str:
        """Return the id of a heading as GitHub makes it, so that links to it work; maybe empty."""
        slug = _NO_SLUG.sub("", heading.strip().lower()).replace(" ", "-")
        number = self.slugs[slug]
        self.slugs[slug] += 1
        return f"{slug}-{number}" if slug and number else slug

    def mend(self, html: str) -> str:
        """Return a piece of HTML with headings in their place, named images and tables that scroll.

        >>> Outline().mend('<h3>a</h3> <img src="https://a.example/b.svg?c">')
        '<h3>a</h3> <img alt="b.svg" src="https://a.example/b.svg?c">'
        """
        # What is left keeps the id to which other links may lead.
        html = _EMPTY_LINK.sub(r"<span\1>\2</span>", html)
        return _ELEMENT.sub(self._mended, html)

    def _mended(self, found: re.Match[str]) -> str:
        slash, name, attributes = found.groups()
        match name.lower():
            case "table":
                return f"{found[0]}</div>" if slash else f"{SCROLLED}{found[0]}"
            case "a":
                self.in_link = not slash
                return found[0]
            case "img":
                return found[0] if slash or self._has_text(attributes) else _named(attributes)
        element = self.last if slash else self.below(int(name[1]))
        return f"<{slash}{element}{attributes}>"

    def _has_text(self, attributes: str) -> bool:
        """Whether an image has a text; an empty one is that of an ornament, but not in a link."""
        found = _ALT.search(attributes)
        return found is not None and not (self.in_link and found[2] in ("", found[1]))


def _named(attributes: str) -> str:
    # Of two attributes with the same name, browsers use the first.
    source = _SRC.search(attributes)
    name = image_name(unescape(source[1])) if source else IMAGE
    return f'<img alt="{escape(name)}"{attributes}>'


def image_name(url: str) -> str:
    """Return the name of an image without a text: that of its file.

    >>> image_name("https://a.example/b/c%20d.svg?e"), image_name("https://a.example")
    ('c d.svg', 'image')
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        return IMAGE
    return PurePosixPath(unquote(path)).name.strip() or IMAGE


def name_what_has_no_text(inline: Token) -> None:
    """Give images and links of Markdown a text: the name of the file, and the target."""
    named = list[Token]()
    for child in inline.children or ():
        before = named[-1] if named else None
        if child.type == "image" and not child.content.strip():
            child.children = [_text(image_name(str(child.attrGet("src") or "")))]
        elif child.type == "link_close" and before and before.type == "link_open":
            named.append(_text(str(before.attrGet("href") or "")))
        elif child.content == "</a>" and before and before.content.startswith("<a "):
            before.content = f"<span{before.content[2:]}"
            child.content = "</span>"
        named.append(child)
    if inline.children is not None:
        inline.children = named


def has_text(inline: Token) -> bool:
    """Whether a heading has a text or an image."""
    return any(
        child.type == "image" or (child.content.strip() and not child.content.startswith("<!--"))
        for child in inline.children or ()
    )


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
