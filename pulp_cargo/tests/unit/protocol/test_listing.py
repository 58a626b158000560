"""The listing by which one registry copies another."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.listing import (
    FIELDS,
    End,
    Head,
    InvalidListing,
    ListedCrate,
    parse_crate,
    parse_head,
    render_crate,
    render_end,
    render_head,
)
from pulp_cargo.tests.unit.protocol.properties import QUICK

CKSUM = "0123456789abcdef" * 4
ENTRY = {
    "name": "leaf",
    "vers": "1.0.0",
    "deps": [
        {"name": "other", "req": "^1", "registry": "sparse+https://r.example/", "kind": "dev"}
    ],
    "cksum": CKSUM,
    "features": {"a": ["b"], "b": []},
    "yanked": False,
    "pubtime": "2026-01-02T03:04:05Z",
}
LINE = {
    "name": "leaf",
    "vers": "1.0.0",
    "cksum": CKSUM,
    "size": 512,
    "yanked": True,
    "readme": "# Leaf",
    "keywords": ["a"],
}


def line(entry: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """Return a line of the listing, with another index line or other values."""
    index_line = json.dumps(ENTRY | (entry or {}))
    return json.dumps(LINE | {"index_line": index_line} | changes).encode()


def test_line_is_read():
    """What is not there is null or empty; the index line is written as ours are."""
    crate = parse_crate(line())
    assert isinstance(crate, ListedCrate)
    assert (crate.entry.name, crate.entry.vers, crate.entry.cksum) == ("leaf", "1.0.0", CKSUM)
    assert (crate.size, crate.yanked) == (512, True)
    unsaid = parse_crate(line(yanked=None))
    assert isinstance(unsaid, ListedCrate) and unsaid.yanked is False
    assert crate.pubtime == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (crate.texts["readme"], crate.texts["license"]) == ("# Leaf", None)
    assert (crate.lists["keywords"], crate.lists["authors"]) == (("a",), ())
    assert crate.line == (
        '{"name":"leaf","vers":"1.0.0","deps":[{"name":"other","req":"^1","features":[],'
        '"optional":false,"default_features":true,"target":null,"kind":"dev",'
        '"registry":"sparse+https://r.example/"}],"cksum":"' + CKSUM + '",'
        '"features":{"a":["b"],"b":[]},"yanked":false,"pubtime":"2026-01-02T03:04:05Z"}'
    )


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (b"\xff", "a line of the listing is not JSON"),
        (b"[]", "is not a JSON object"),
        (b'{"end":-1}', "is not a number"),
        (b'{"end":"1"}', "must be a number"),
        (line(name="leaf/../x"), "crate name 'leaf/../x' has the character"),
        (line(name="Leaf"), "that of another version"),
        (line(vers="1.0.1"), "that of another version"),
        (line(cksum="f" * 64), "that of another version"),
        (line(size=0), "the line of 'leaf' '1.0.0' cannot be used: its `size` is 0"),
        (line(size=2**53), "`size` is 9007199254740992"),
        (line(yanked="no"), "true or false"),
        (line(readme="\0"), "cannot be stored"),
        (line(readme="\ud800"), "cannot be stored"),
        (line(keywords=[1]), "must contain only strings"),
        (line(index_line=None), "has no `index_line`"),
        (line(index_line="x"), "is not JSON"),
        (line({"vers": "one"}, vers="one"), "is not SemVer"),
        (line({"cksum": "F" * 64}, cksum="F" * 64), "`cksum`"),
        (line({"yanked": True}), "that of a yanked version"),
        (line({"pubtime": ""}), "is not a time"),
        (line({"pubtime": "2026-13-01T00:00:00Z"}), "is not a time"),
        (line({"deps": [{"name": "a b", "req": "^1"}]}), "dependency name 'a b' has the character"),
        (line({"deps": [{"name": "a", "req": "one", "registry": "https://r"}]}), "requirement"),
        (line({"deps": [{"name": "a", "req": "^1"}]}), "has no registry"),
        (line({"deps": [{"name": "a", "req": "^1", "registry": "r"}]}), "the registry URL"),
        (
            line({"deps": [{"name": "a", "req": "^1", "registry": "https://r", "target": "a b"}]}),
            "`a b` is neither a target",
        ),
        (line({"features": {"a": ["nothing"]}}), "nothing"),
    ],
)
def test_line_that_breaks_a_rule(bad: bytes, rule: str):
    """The sentence tells which; the error is always the one."""
    with pytest.raises(InvalidListing, match=rule):
        parse_crate(bad)


@given(st.binary(max_size=200))
@QUICK
def test_garbage_is_refused_as_such(data: bytes):
    """No other error comes out of a line, whatever is in it."""
    for parse in (parse_crate, parse_head):
        try:
            parse(data)
        except InvalidListing:
            continue


@pytest.mark.parametrize("size", [None, 1, 2**53 - 1])
def test_size_may_be_unknown(size: int | None) -> None:
    """Else it is that of a file, which has a byte at least."""
    crate = parse_crate(line(size=size))
    assert isinstance(crate, ListedCrate)
    assert crate.size == size


def test_head():
    """It tells the format, the registry's URLs and how much to expect."""
    head = render_head(["sparse+https://r.example/"], 3)
    assert parse_head(head) == Head(("sparse+https://r.example/",), 3)
    assert parse_head(render_head([], 0)) == Head((), 0)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"<html>",
        b'{"listing":2,"urls":[],"count":0}',
        b'{"urls":[],"count":0}',
        b'{"listing":1,"urls":["r"],"count":0}',
        b'{"listing":1,"urls":"r","count":0}',
        b'{"listing":1,"urls":[],"count":-1}',
        b'{"listing":1,"urls":[]}',
    ],
)
def test_head_that_is_none(bad: bytes):
    """What else answers at that path is told from a listing by its first line."""
    with pytest.raises(InvalidListing, match="listing"):
        parse_head(bad)


def test_what_is_written_can_be_read():
    """Writing and reading are each other's reverse."""
    values = {**dict.fromkeys(FIELDS), **json.loads(line()), "categories": [], "authors": []}
    written = render_crate([values[name] for name in FIELDS])
    assert written.endswith(b"\n") and written.count(b"\n") == 1
    assert parse_crate(written) == parse_crate(line())
    assert parse_crate(render_end(7)) == End(7)
    assert parse_crate(render_end(0)) == End(0)


def test_each_field_has_its_value() -> None:
    """A line with one too few or too many would say something else of a crate."""
    for values in ([None] * (len(FIELDS) - 1), [None] * (len(FIELDS) + 1)):
        with pytest.raises(ValueError, match="zip"):
            render_crate(values)
