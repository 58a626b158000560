"""Versions of index files, as crates.io's web API describes them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pulp_cargo.protocol.listed_version import describe
from pulp_cargo.protocol.upstream_index import parse_index_file

LINE = {"name": "Tea", "vers": "1.0.0", "deps": [], "cksum": "a" * 64, "features": {}}
NOW = datetime(2026, 5, 6, tzinfo=UTC)


def described(*lines: dict[str, Any], first_seen: dict[str, str] | None = None):
    """Return the versions in a file of these lines."""
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return describe(parse_index_file(body, "tea").versions, first_seen or {}, NOW)


def test_defaults_are_filled_in():
    """From 1.84 on, cargo reads lines without them (Cargo Book, "Index Format")."""
    (one,) = described(LINE | {"deps": [{"name": "leaf", "req": "^1"}], "more": 1})
    assert json.loads(one.index_line)["deps"] == [
        {
            "name": "leaf",
            "req": "^1",
            "features": [],
            "optional": False,
            "default_features": True,
            "target": None,
            "kind": None,
            "package": None,
        }
    ]
    assert (one.name, one.vers, one.links, one.rust_version) == ("Tea", "1.0.0", None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"deps": None},
        {"deps": [{"name": "leaf"}]},
        {"deps": [{"name": "leaf", "req": "^1", "optional": "no"}]},
        {"features": None},
        {"features": {"a": "b"}},
        {"links": 1},
    ],
)
def test_line_that_cargo_would_skip_is_no_version(change: dict[str, Any]):
    """The others of the file are."""
    other = LINE | {"vers": "2.0.0"}
    assert [one.vers for one in described(LINE | change, other)] == ["2.0.0"]


def test_time_of_a_version():
    """Its `pubtime`, or when it was first seen, or else the time of the question."""
    lines = [LINE | {"vers": vers} for vers in ("1.0.0", "2.0.0", "3.0.0")]
    lines[0]["pubtime"] = "2026-01-02T03:04:05Z"
    found = described(*lines, first_seen={"2.0.0": "2026-02-03T04:05:06Z"})
    assert [one.published for one in found] == [
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        NOW,
    ]
