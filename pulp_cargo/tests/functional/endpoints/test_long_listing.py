"""Listings that take long: what happens meanwhile, and who may have one."""

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

PATH = "versions.jsonl"


@contextmanager
def begun(registry: Registry) -> Iterator[http.client.HTTPResponse]:
    """Have the answer of which only the beginning was read, so that the registry has to wait."""
    parts = urlsplit(registry.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request("GET", parts.path + PATH)
    answer = connection.getresponse()
    assert answer.status == 200 and answer.readline()
    try:
        yield answer
    finally:
        connection.close()


@pytest.fixture
def large(stack: Stack, name: str) -> Registry:
    """A registry whose listing does not fit into the buffers between it and its reader."""
    registry = stack.make_registry()
    readme = {"README.md": b"r" * 1_000_000}
    for number in range(30):
        crate = Crate(name, f"1.0.{number}", package={"readme": "README.md"}, files=readme)
        registry.publish(crate)
    return registry


def test_listing_is_of_one_version(large: Registry, name: str):
    """A publish in the middle is not in it, and all else is."""
    with begun(large) as answer:
        large.publish(Crate(name, "2.0.0"))
        large.yank(name, "1.0.29")
        rest = [json.loads(line) for line in answer]
    assert rest[-1] == {"end": 30}
    assert {line["vers"] for line in rest[:-1]} == {f"1.0.{number}" for number in range(30)}
    assert not any(line["yanked"] for line in rest[:-1])


def test_listing_of_a_version_that_goes_away_is_cut_off(stack: Stack, large: Registry, name: str):
    """The reader must notice that it has a part only."""
    version = stack.rest.get(large.repository)["latest_version_href"]
    with begun(large) as answer:
        large.publish(Crate(name, "2.0.0"))
        stack.rest.delete(version)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()


def test_few_listings_are_sent_at_once(large: Registry, name: str):
    """Whoever comes later is told to come again, in cargo's form; all else is as ever."""
    with ExitStack() as others:
        for _ in range(4):
            others.enter_context(begun(large))
        refused = large.get(PATH)
        assert refused.status == 503
        assert refused.detail.startswith("the registry is sending many listings already")
        assert int(refused.headers["retry-after"]) > 0
        known = large.request("HEAD", PATH)
        assert known.status == 200
        assert large.get(PATH, If_None_Match=known.headers["etag"]).status == 304
        assert len(large.index(name)) == 30
    assert launcher.wait_for(lambda: large.get(PATH).status == 200)
