"""What another registry answers to a search (Cargo Book, Registry Web API, "Search")."""

import json
from datetime import UTC, datetime

import pytest

from pulp_cargo.protocol.unavailable import UpstreamSearchInvalid
from pulp_cargo.protocol.web_api.upstream_search import (
    LONGEST_DESCRIPTION,
    MAX_SIZE,
    MOST_HITS,
    UpstreamHit,
    parse_search_response,
)

# A crate in a response of crates.io, with all of its keys.
SERDE = {
    "badges": [],
    "categories": None,
    "created_at": "2014-12-05T20:20:39.487502Z",
    "default_version": "1.0.228",
    "description": "A generic serialization/deserialization framework",
    "documentation": "https://docs.rs/serde",
    "downloads": 700000000,
    "exact_match": True,
    "homepage": "https://serde.rs",
    "id": "serde",
    "keywords": None,
    "links": {"owners": "/api/v1/crates/serde/owners"},
    "max_stable_version": "1.0.228",
    "max_version": "1.0.228",
    "name": "serde",
    "newest_version": "1.0.228",
    "num_versions": 315,
    "recent_downloads": 100000000,
    "repository": "https://github.com/serde-rs/serde",
    "trustpub_only": False,
    "updated_at": "2025-09-27T16:51:35.265429Z",
    "versions": None,
    "yanked": False,
}


def parse(*crates: object) -> list[str]:
    """Return the names in a response with these crates."""
    return [hit.name for hit in parse_search_response(json.dumps({"crates": crates}).encode())]


def test_crate_of_crates_io_is_read() -> None:
    """Every field that a search shows."""
    (hit,) = parse_search_response(json.dumps({"crates": [SERDE]}).encode())
    assert hit == UpstreamHit(
        name="serde",
        max_version="1.0.228",
        max_stable_version="1.0.228",
        newest_version="1.0.228",
        default_version="1.0.228",
        num_versions=315,
        created_at=datetime(2014, 12, 5, 20, 20, 39, 487502, UTC),
        updated_at=datetime(2025, 9, 27, 16, 51, 35, 265429, UTC),
        description="A generic serialization/deserialization framework",
        homepage="https://serde.rs",
        documentation="https://docs.rs/serde",
        repository="https://github.com/serde-rs/serde",
    )


def test_what_cargo_requires_is_enough() -> None:
    """Small registries send a name, a version and perhaps a description."""
    (hit,) = parse_search_response(b'{"crates":[{"name":"a","max_version":"1.0.0"}]}')
    assert hit == UpstreamHit("a", "1.0.0")


@pytest.mark.parametrize(
    "odd",
    [
        {"name": None},
        {"name": 1},
        {"name": ""},
        {"name": "a b"},
        {"name": "../up"},
        {"name": "con"},
        {"name": "a" * 65},
        {"max_version": None},
        {"max_version": 1.0},
        {"max_version": "1.0"},
        {"max_version": f"1.0.0-{'a' * 200}"},
        {"max_stable_version": "latest"},
        {"newest_version": []},
        {"default_version": {}},
        {"num_versions": "1"},
        {"num_versions": True},
        {"num_versions": -1},
        {"num_versions": 10**12},
        {"yanked": "yes"},
        {"created_at": "yesterday"},
        {"created_at": "2026-01-02T03:04:05"},
        {"created_at": "0001-01-01T00:00:00+23:59"},
        {"updated_at": 1},
        {"updated_at": "2" * 100},
        {"description": 1},
        {"description": "a" * (LONGEST_DESCRIPTION + 1)},
        {"description": "\x1b[2J"},
        {"description": "a\x00b"},
        {"description": "\ud800"},
        {"homepage": ["https://a.example"]},
        {"repository": "https://a.example/" + "a" * 500},
    ],
    ids=lambda odd: json.dumps(odd)[:40],
)
def test_odd_crate_is_left_out(odd: dict[str, object]) -> None:
    """A wrong type or size of any field makes all of it doubtful; the others are read."""
    before, after = (SERDE | {"name": name} for name in ("before", "after"))
    assert parse(before, SERDE | odd, after) == ["before", "after"]


def test_each_crate_is_read_once() -> None:
    """The first of several spellings, and no more than were asked for."""
    spellings = [SERDE | {"name": name} for name in ("a-b", "A_B", "c")]
    assert parse(*spellings) == ["a-b", "c"]
    many = [SERDE | {"name": f"a{number}"} for number in range(MOST_HITS + 10)]
    assert len(parse(*many)) == MOST_HITS


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "it is not JSON"),
        (b"<html>", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b"{}", "it has no list `crates`"),
        (b'{"crates":null}', "it has no list `crates`"),
        (b'{"crates":{"name":"a"}}', "it has no list `crates`"),
        (b'{"crates":[]}'.ljust(MAX_SIZE + 1), f"it has more than {MAX_SIZE} bytes"),
    ],
)
def test_other_responses_are_refused(body: bytes, sentence: str) -> None:
    """The sentence has the reason."""
    with pytest.raises(UpstreamSearchInvalid, match=sentence):
        parse_search_response(body)
