"""Feeds of new crates and versions, in RSS."""

from xml.etree import ElementTree

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack

CRATES = "{https://crates.io/}"
PUBLISHED = "UPDATE cargo_cratecontent SET pubtime = %s WHERE name = %s AND vers = %s"
FEEDS = ("rss/crates.xml", "rss/updates.xml", "rss/crates/{name}.xml")


def items(answer: Answer) -> list[tuple[str | None, str | None]]:
    """Name and version of each item."""
    assert answer.status == 200, answer
    found = ElementTree.fromstring(answer.body).iter("item")
    return [(one.findtext(f"{CRATES}name"), one.findtext(f"{CRATES}version")) for one in found]


@pytest.fixture
def first(name: str) -> str:
    """The name of the first crate."""
    return f"{name}-1"


@pytest.fixture
def second(name: str) -> str:
    """The name of the second one."""
    return f"{name}_B"


@pytest.fixture
def own(stack: Stack, first: str, second: str) -> Registry:
    """A registry with three versions of two crates, published on the days of a month."""
    registry = stack.make_registry()
    published = (
        Crate(first, package={"description": "One & <two>\u0007"}),
        Crate(second),
        Crate(first, "1.1.0+build.5"),
    )
    with stack.connect() as database:
        for day, crate in enumerate(published, 1):
            registry.publish(crate)
            database.execute(PUBLISHED, [f"2026-03-{day:02} 12:00:05Z", crate.name, crate.vers])
    return registry


def test_feeds_have_the_latest_first(own: Registry, first: str, second: str) -> None:
    """New crates once, and every new version."""
    assert items(own.get("rss/crates.xml")) == [(second, None), (first, None)]
    versions = [(first, "1.1.0+build.5"), (second, "1.0.0"), (first, "1.0.0")]
    assert items(own.get("rss/updates.xml")) == versions
    assert items(own.get(f"rss/crates/{first}.xml")) == [versions[0], versions[2]]
    spelling = second.upper().replace("_", "-")
    assert items(own.get(f"rss/crates/{spelling}.xml")) == [versions[1]]


def test_item_has_what_readers_show(own: Registry, first: str) -> None:
    """Title, link, time and description, as text."""
    answer = own.get(f"rss/crates/{first}.xml")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    channel = ElementTree.fromstring(answer.body)[0]
    assert channel.findtext("title") == f"{own.name}: new versions of {first}"
    assert channel.findtext("link") == own.url
    newest, oldest = channel.findall("item")
    assert newest.findtext("title") == f"New crate version published: {first} v1.1.0+build.5"
    assert newest.findtext("link") == f"{own.url}crates/{first}/1.1.0%2Bbuild.5"
    assert newest.findtext("guid") == newest.findtext("link")
    assert newest.findtext("pubDate") == "Tue, 03 Mar 2026 12:00:05 +0000"
    assert oldest.findtext("description") == "One & <two>\ufffd"


@pytest.mark.parametrize("path", FEEDS)
def test_feed_is_revalidated(own: Registry, first: str, path: str) -> None:
    """A 304 until something is published."""
    path = path.format(name=first)
    answer = own.get(path)
    etag = answer.headers["etag"]
    assert answer.headers["cache-control"] == "no-cache"
    unchanged = own.get(path, If_None_Match=etag)
    assert (unchanged.status, unchanged.body, unchanged.headers["etag"]) == (304, b"", etag)
    own.publish(Crate(first, "2.0.0"))
    changed = own.get(path, If_None_Match=etag)
    assert changed.status == 200 and changed.headers["etag"] != etag
    head = own.request("HEAD", path)
    assert (head.status, head.body) == (200, b"")


def test_feed_of_an_unknown_crate_is_404(own: Registry, name: str) -> None:
    """And so are paths that are none of the feeds."""
    for crate in (f"crates/{name}-3", "crates/%00", "crates/", "x"):
        answer = own.get(f"rss/{crate}.xml")
        assert answer.status == 404 and answer.detail


def test_feeds_of_an_empty_registry(stack: Stack) -> None:
    """They have no items."""
    registry = stack.make_registry()
    assert items(registry.get("rss/crates.xml")) == []
    assert items(registry.get("rss/updates.xml")) == []


def test_feeds_of_a_pinned_registry(stack: Stack, own: Registry, first: str) -> None:
    """They have what it serves, not what is new in the repository."""
    name = unique("pinned")
    fields = {"name": name, "base_path": name, "repository_version": f"{own.repository}versions/1/"}
    made = stack.rest.need("distributions/cargo/cargo/", **fields)
    pinned = Registry(name, made["base_url"], None)
    assert items(pinned.get("rss/updates.xml")) == [(first, "1.0.0")]


@pytest.mark.parametrize("path", FEEDS)
def test_feeds_of_private_registry_need_a_token(private: Registry, path: str) -> None:
    """As the index does."""
    path = path.format(name="secret")
    assert private.get(path).status == 401
    answer = private.get(path, token=private.token)
    assert (answer.status, answer.headers["cache-control"]) == (200, "private, no-cache")
    assert ("secret", None if path == FEEDS[0] else "1.0.0") in items(answer)


@pytest.mark.parametrize("name", ["rss", "crates", "updates"])
def test_crates_with_the_names_of_feeds_are_in_the_index(stack: Stack, name: str) -> None:
    """The index has no path that begins with `rss/`."""
    registry = stack.make_registry()
    registry.publish(Crate(name))
    assert registry.entry(name)["vers"] == "1.0.0"
    assert items(registry.get("rss/crates.xml")) == [(name, None)]
    assert items(registry.get(f"rss/crates/{name}.xml")) == [(name, "1.0.0")]
