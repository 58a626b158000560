"""The listing by which another Pulp copies a registry."""

import gzip
import json
from typing import Any

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.stack import Stack

PATH = "versions.jsonl"


def lines(answer: Answer) -> list[dict[str, Any]]:
    """Return the lines, the first and last included."""
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/jsonl; charset=utf-8"
    return [json.loads(line) for line in answer.body.decode().splitlines()]


def test_listing_has_everything(stack: Stack, name: str):
    """A head, each version with all that is known of it, and an end mark."""
    registry = stack.make_registry()
    package = {"description": "Ä", "license": "MIT", "keywords": ["a"], "readme": "README.md"}
    crate = Crate(name, package=package, files={"README.md": b"# Hello"})
    registry.publish(crate)
    registry.yank(name)
    head, line, end = lines(registry.get(PATH))
    assert (head["listing"], head["count"]) == (1, 1)
    assert registry.index_url in head["urls"]
    served = registry.index_file(name).body.decode().rstrip("\n")
    assert line == {
        "name": name,
        "vers": "1.0.0",
        "cksum": crate.cksum(registry.index_url),
        "size": len(crate.packed(registry.index_url)),
        "yanked": True,
        "index_line": served.replace('"yanked":true', '"yanked":false'),
        "links": None,
        "rust_version": None,
        "edition": "2021",
        "description": "Ä",
        "license": "MIT",
        "license_file": None,
        "homepage": None,
        "documentation": None,
        "repository_url": None,
        "readme": "# Hello",
        "keywords": ["a"],
        "categories": [],
        "authors": [],
    }
    assert end == {"end": 1}


def test_listing_of_nothing(stack: Stack):
    """An empty registry has a listing, too, and so has one without a repository."""
    empty = stack.make_registry()
    head, end = lines(empty.get(PATH))
    assert (head["count"], end) == (0, {"end": 0})
    bare = stack.make_registry(allow_uploads=False)
    stack.rest.set(bare.href, repository=None)
    assert lines(bare.get(PATH))[-1] == {"end": 0}


def test_listing_in_many_pages(stack: Stack, name: str):
    """Large readmes make pages short; nothing is left out and nothing comes twice."""
    registry = stack.make_registry()
    readme = {"README.md": b"r" * 900_000}
    versions = [f"1.0.{number}" for number in range(12)]
    for vers in versions:
        registry.publish(Crate(name, vers, package={"readme": "README.md"}, files=readme))
    _, *found, end = lines(registry.get(PATH))
    assert sorted(line["vers"] for line in found) == sorted(versions)
    assert end == {"end": 12}


def test_compressed_listing(stack: Stack, name: str):
    """The compressed form has the same bytes inside, and a tag of its own."""
    registry = stack.make_registry()
    registry.publish(Crate(name))
    plain = registry.get(PATH)
    packed = registry.get(PATH, Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
    assert "Accept-Encoding" in plain.headers["vary"]


def test_tag_stands_for_all_that_is_told(stack: Stack, name: str):
    """304 while nothing changes; a publish, a yank and another URL of the registry change it."""
    registry = stack.make_registry()
    registry.publish(Crate(name))

    def tag() -> str:
        answer = registry.get(PATH)
        again = registry.get(PATH, If_None_Match=answer.headers["etag"])
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]
        return answer.headers["etag"]

    tags = [tag()]
    registry.publish(Crate(name, "1.1.0"))
    tags.append(tag())
    registry.yank(name)
    tags.append(tag())
    stack.make_registry(of=registry, allow_uploads=False)
    tags.append(tag())
    assert len(set(tags)) == 4
    assert tag() == tags[3]


def test_private_listing_needs_a_token(private: Registry):
    """What may not be read may not be copied."""
    assert private.get(PATH).status == 401
    answer = private.get(PATH, token=private.token)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in answer.headers["vary"]


def test_head_sends_no_body(registry: Registry):
    """Only the tag and the rest of the headers."""
    answer = registry.request("HEAD", PATH)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["etag"] == registry.get(PATH).headers["etag"]
