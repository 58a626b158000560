"""RSS 2.0 with the additions of crates.io."""

from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree

from pulp_cargo.protocol.rss import Channel, Item, render_feed

CHANNEL = Channel(
    title="team: new versions",
    description="The latest new versions in the registry team",
    link="https://r.example/pulp/cargo/team/",
    url="https://r.example/pulp/cargo/team/rss/updates.xml",
)
NOON = datetime(2026, 3, 2, 12, 0, 5, tzinfo=UTC)


def item(**changed: object) -> Item:
    """An item about `leaf 1.0.0`."""
    fields = {
        "title": "New crate version published: leaf v1.0.0",
        "link": "https://r.example/pulp/cargo/team/crates/leaf/1.0.0",
        "published": NOON,
        "name": "leaf",
        "vers": "1.0.0",
        "description": "A leaf",
    }
    return Item(**(fields | changed))  # type: ignore[arg-type]


def test_whole_document() -> None:
    """Title, link, pubDate and guid are RSS's; name and version have crates.io's namespace."""
    assert render_feed(CHANNEL, [item()]).decode() == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        '<rss xmlns:atom="http://www.w3.org/2005/Atom" xmlns:crates="https://crates.io/"'
        ' version="2.0"><channel><title>team: new versions</title>'
        "<link>https://r.example/pulp/cargo/team/</link>"
        "<description>The latest new versions in the registry team</description>"
        "<language>en</language><ttl>60</ttl>"
        '<atom:link href="https://r.example/pulp/cargo/team/rss/updates.xml" rel="self"'
        ' type="application/rss+xml" />'
        "<item><title>New crate version published: leaf v1.0.0</title>"
        "<link>https://r.example/pulp/cargo/team/crates/leaf/1.0.0</link>"
        "<guid>https://r.example/pulp/cargo/team/crates/leaf/1.0.0</guid>"
        "<pubDate>Mon, 02 Mar 2026 12:00:05 +0000</pubDate>"
        "<description>A leaf</description>"
        "<crates:name>leaf</crates:name><crates:version>1.0.0</crates:version>"
        "</item></channel></rss>"
    )


def test_new_crate_has_no_version_and_may_have_no_description() -> None:
    """The elements are left out."""
    body = render_feed(CHANNEL, [item(vers=None, description=None)])
    (found,) = ElementTree.fromstring(body).iter("item")
    assert [element.tag for element in found] == [
        "title",
        "link",
        "guid",
        "pubDate",
        "{https://crates.io/}name",
    ]


def test_description_is_text() -> None:
    """Markup is escaped, and what XML cannot have is replaced."""
    body = render_feed(CHANNEL, [item(description="a <b> & ]]> \x00\x1b\ufffe\ud800 \U0001f980\n")])
    (found,) = ElementTree.fromstring(body).iter("item")
    assert found.findtext("description") == "a <b> & ]]> \ufffd\ufffd\ufffd\ufffd \U0001f980\n"


def test_times_are_in_utc() -> None:
    """Whatever zone the database has."""
    there = NOON.astimezone(timezone(timedelta(hours=5)))
    assert b"<pubDate>Mon, 02 Mar 2026 12:00:05 +0000</pubDate>" in render_feed(
        CHANNEL, [item(published=there)]
    )
