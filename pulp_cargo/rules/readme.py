"""Readmes of crates as HTML for the web pages: CommonMark and the extensions of GitHub.

A readme is written by whoever publishes a crate, or comes from an upstream, so it may contain
anything. The last step is an allowlist of elements and attributes (nh3, which parses HTML as a
browser does); all earlier steps may be wrong without harm. This may take long, so servers run it in
a process of its own, with a limit on its time (`pulp_cargo.reader.pages`).
"""

import re
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urljoin, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from pulp_cargo.rules.highlight import CLASSES, highlight_block
from pulp_cargo.rules.readme_structure import (
    SCROLLED,
    Outline,
    has_text,
    name_what_has_no_text,
)

# An id in a readme must not equal one of the page, nor shadow a property of a script's `document`.
ID_PREFIX = "readme-"
MOST_CHARACTERS = 1024 * 1024

_TEXTS = (
    "b br cite code del dd dfn dl dt em hr i ins kbd li mark ol p pre q s samp small strong sub"
)
_BLOCKS = "sup u ul var abbr blockquote caption details div h1 h2 h3 h4 h5 h6 picture span summary"
_TABLES = "table tbody td tfoot th thead tr a img"
TAGS = frozenset(f"{_TEXTS} {_BLOCKS} {_TABLES}".split())
# What is removed with its content, since the content is no text.
CONTENT_TAGS = frozenset(
    {
        *("script", "style", "svg", "math", "template", "iframe", "object", "embed", "noscript"),
        *("title", "textarea", "select"),
    }
)
ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height", "align"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "details": {"open"},
    **{tag: {"align"} for tag in ("div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "table")},
}
FIXED_VALUES = {
    "div": {"tabindex": {"0"}, "role": {"group"}, "aria-label": {"Table"}},
}
SET_VALUES = {
    "img": {"loading": "lazy", "referrerpolicy": "no-referrer"},
    "pre": {"tabindex": "0"},
}
LINK_REL = "nofollow noopener"
LINKED_SCHEMES = frozenset({"http", "https", "mailto"})

_TASK = re.compile(r"\[([ xX])\] +")
_SIZE = re.compile(r"[0-9]{1,4}%?")
_HOSTS = {"github": ("blob/HEAD/", "raw/HEAD/"), "gitlab": ("-/blob/HEAD/", "-/raw/HEAD/")}
_REPOSITORY = re.compile(r"/[\w.~-]+(?:/[\w.~-]+?)+?(?=\.git/?$|/?$|/-?/?(?:tree|blob)/)")


@dataclass(frozen=True, slots=True)
class Base:
    """Where relative links and images of a readme lead, None if that is unknown."""

    links: str | None = None
    images: str | None = None


def base_of(repository: str | None) -> Base:
    """Return the base for a crate whose manifest names this `repository`.

    >>> base_of("https://github.com/serde-rs/serde.git").links
    'https://github.com/serde-rs/serde/blob/HEAD/'
    >>> base_of("https://git.example/serde")
    Base(links=None, images=None)
    """
    try:
        parts = urlsplit(repository or "")
        host = parts.hostname or ""
    except ValueError:
        return Base()
    kind = _HOSTS.get(host.partition(".")[0])
    path = _REPOSITORY.match(parts.path)
    if parts.scheme != "https" or kind is None or path is None or "@" in parts.netloc:
        return Base()
    root = f"https://{parts.netloc}{path[0]}/"
    return Base(root + kind[0], root + kind[1])


def render_readme(text: str, repository: str | None) -> str:
    """Return a readme as HTML that runs nothing, and loads nothing but images over HTTPS.

    >>> render_readme("# Shapes\\n\\n[docs](docs/a.md) <script>alert(1)</script>", None)
    '<h3 id="readme-shapes">Shapes</h3>\\n<p><a rel="nofollow noopener">docs</a> </p>\\n'
    """
    cleaner = _Cleaner(base_of(repository))
    return nh3.clean(
        _to_html(text[:MOST_CHARACTERS]),
        tags=set(TAGS),
        clean_content_tags=set(CONTENT_TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=cleaner.attribute,
        tag_attribute_values=FIXED_VALUES,
        set_tag_attribute_values=SET_VALUES,
        allowed_classes={"span": set(CLASSES), "div": {"scroll"}},
        url_schemes=set(LINKED_SCHEMES),
        link_rel=LINK_REL,
    )


@dataclass(frozen=True, slots=True)
class _Cleaner:
    """Decides about the attributes that the allowlist lets pass."""

    base: Base
    ids: set[str] = field(default_factory=set)

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """Return the value of an attribute, None to drop it."""
        match name:
            case "href":
                return self._link(value)
            case "src":
                return self._image(value)
            case "id":
                return self._id(value)
            case "align":
                return value if value.lower() in ("left", "right", "center") else None
            case "width" | "height" | "start" | "colspan" | "rowspan":
                return value if _SIZE.fullmatch(value) else None
        return value

    def _id(self, value: str) -> str | None:
        """Return an id of its own, None for one that another element has."""
        found = ID_PREFIX + value.removeprefix(ID_PREFIX)
        if not value.strip() or found in self.ids:
            return None
        self.ids.add(found)
        return found

    def _link(self, value: str) -> str | None:
        value = value.strip()
        if value.startswith("#"):
            return f"#{ID_PREFIX}{value[1:].removeprefix(ID_PREFIX)}"
        found = _resolved(self.base.links, value)
        return found if found and _scheme(found) in LINKED_SCHEMES else None

    def _image(self, value: str) -> str | None:
        found = _resolved(self.base.images, value.strip())
        return found if found and _scheme(found) == "https" else None


def _resolved(base: str | None, value: str) -> str | None:
    """Return a URL, or what a relative path means; None where that is nothing useful."""
    if _scheme(value):
        return value
    if value.startswith(("//", "\\\\")):
        return f"https:{value}" if value.startswith("//") else None
    if base is None or not value:
        return None
    # A path from the root means the root of the repository.
    found = urljoin(base, value.lstrip("/"))
    return found if found.startswith(base) else None


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        # A malformed URL leads nowhere.
        return "malformed"


def _to_html(text: str) -> str:
    return str(_parser().render(text, {}))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "highlight": _highlighted})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("github", _like_github)
    parser.add_render_rule("table_open", _open_table)
    parser.add_render_rule("table_close", _close_table)
    return parser


def _highlighted(code: str, language: str, _attributes: str) -> str:
    return highlight_block(code, language)


def _open_table(*_: object) -> str:
    return f"{SCROLLED}<table>\n"


def _close_table(*_: object) -> str:
    return "</table></div>\n"


def _like_github(state: StateCore) -> None:
    """Add ids to headings, put headings below those of the page, and show task lists."""
    outline = Outline()
    for place, token in enumerate(state.tokens):
        match token.type:
            case "heading_open":
                _open_heading(token, state.tokens[place + 1], outline)
            case "heading_close":
                token.tag = outline.last if has_text(state.tokens[place - 1]) else "p"
            case "th_open" | "td_open":
                # Styles are removed, and tables have no other alignment.
                style = str(token.attrGet("style") or "")
                token.attrSet("align", style.removeprefix("text-align:"))
            case "html_block":
                token.content = outline.mend(token.content)
            case "inline":
                for child in token.children or ():
                    if child.type == "html_inline":
                        child.content = outline.mend(child.content)
                name_what_has_no_text(token)
                if place > 1 and state.tokens[place - 2].type == "list_item_open":
                    _show_task(token)


def _open_heading(heading: Token, inline: Token, outline: Outline) -> None:
    if not has_text(inline):
        heading.tag = "p"
        return
    heading.tag = outline.below(int(heading.tag[1:]))
    if slug := outline.slug(_plain(inline)):
        heading.attrSet("id", slug)


def _plain(inline: Token) -> str:
    return "".join(
        child.content for child in inline.children or () if child.type in ("text", "code_inline")
    )


def _show_task(inline: Token) -> None:
    first = inline.children[0] if inline.children else None
    found = _TASK.match(first.content) if first and first.type == "text" else None
    if first and found:
        # Characters instead of form fields, which would need labels.
        box = "☐" if found[1] == " " else "☑"
        first.content = f"{box} {first.content[found.end() :]}"
