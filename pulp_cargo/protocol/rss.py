"""RSS 2.0 with the additions of crates.io's feeds (`crates:name`, `crates:version`)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

CRATES = "https://crates.io/"
ATOM = "http://www.w3.org/2005/Atom"
# How long readers may wait before they ask again, in minutes.
TTL = 60
# Characters that XML 1.0 does not allow, not even escaped ("Char" in its grammar).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ElementTree.register_namespace("crates", CRATES)
ElementTree.register_namespace("atom", ATOM)


@dataclass(frozen=True, slots=True)
class Channel:
    """A feed: `link` is the page that it is about, and `url` its own address."""

    title: str
    description: str
    link: str
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """A new crate, or a new version of one; `link` identifies it."""

    title: str
    link: str
    published: datetime
    name: str
    vers: str | None = None
    description: str | None = None


def render_feed(channel: Channel, items: Iterable[Item]) -> bytes:
    """Return the document of a feed.

    >>> feed = Channel("t", "a & b", "https://r.example/", "https://r.example/rss/crates.xml")
    >>> b"<description>a &amp; b</description>" in render_feed(feed, [])
    True
    """
    root = Element("rss", {"version": "2.0"})
    top = SubElement(root, "channel")
    _text(top, "title", channel.title)
    _text(top, "link", channel.link)
    _text(top, "description", channel.description)
    _text(top, "language", "en")
    _text(top, "ttl", str(TTL))
    own = {"href": channel.url, "rel": "self", "type": "application/rss+xml"}
    SubElement(top, f"{{{ATOM}}}link", own)
    for item in items:
        _append(top, item)
    rendered: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return rendered


def _append(channel: Element, item: Item) -> None:
    element = SubElement(channel, "item")
    _text(element, "title", item.title)
    _text(element, "link", item.link)
    _text(element, "guid", item.link)
    _text(element, "pubDate", format_datetime(item.published.astimezone(UTC)))
    if item.description is not None:
        _text(element, "description", item.description)
    _text(element, f"{{{CRATES}}}name", item.name)
    if item.vers is not None:
        _text(element, f"{{{CRATES}}}version", item.vers)


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _NOT_XML.sub("\ufffd", text)
