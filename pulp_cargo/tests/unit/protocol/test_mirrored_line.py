"""Index lines of other registries, as a mirror stores them (Cargo Book, Registry Index)."""

import json
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.protocol.errors import InvalidMetadata, RegistryError
from pulp_cargo.protocol.mirrored_line import (
    dependency_names,
    read_index_file,
    read_line,
    registries_of,
)
from pulp_cargo.protocol.packed_index import MAX_SIZE

CRATES_IO = "https://github.com/rust-lang/crates.io-index"
OWN = "https://git.example/index"
LINE: dict[str, Any] = {
    "name": "Lab",
    "vers": "1.0.0+b",
    "deps": [],
    "cksum": "a" * 64,
    "features": {},
    "yanked": False,
}
DEP: dict[str, Any] = {"name": "a", "req": "^1"}


def raw(**changes: Any) -> bytes:
    """Return a line in JSON."""
    return json.dumps(LINE | changes).encode()


def test_line_is_written_out_in_full() -> None:
    """Defaults are filled in, nulls are dropped, and null as a registry becomes the upstream's URL."""
    deps = [
        DEP,
        {**DEP, "package": "real", "kind": "odd", "registry": CRATES_IO, "lib": False},
        {**DEP, "name": "c", "package": None, "public": True, "optional": True},
    ]
    line = read_line(raw(deps=deps, yanked=True, links=None, v=2, x=1, pubtime=None), OWN)
    assert line.yanked
    assert line.number == "1.0.0"
    assert line.rendered() == (
        '{"name":"Lab","vers":"1.0.0+b","deps":['
        '{"name":"a","req":"^1","features":[],"optional":false,"default_features":true,'
        '"target":null,"kind":null,"registry":"https://git.example/index"},'
        '{"name":"a","req":"^1","features":[],"optional":false,"default_features":true,'
        '"target":null,"kind":"normal",'
        '"registry":"https://github.com/rust-lang/crates.io-index","package":"real"},'
        '{"name":"c","req":"^1","features":[],"optional":true,"default_features":true,'
        '"target":null,"kind":null,"registry":"https://git.example/index","public":true}'
        f'],"cksum":"{"a" * 64}","features":{{}},"yanked":false,"v":2}}'
    ).replace('"kind":null', '"kind":"normal"')
    assert dependency_names(line) == ["a", "c", "real"]
    assert registries_of(line) == [OWN]


def test_lines_of_crates_io() -> None:
    """Lines of crates.io stay as they are, except that null is its URL."""
    lines = Path(__file__).with_name("crates_io_lines.jsonl").read_bytes().splitlines()
    for text in lines:
        want = json.loads(text)
        for dep in want["deps"]:
            dep["registry"] = CRATES_IO
            dep.pop("package", None) if dep.get("package") is None else None
        want = {key: value for key, value in want.items() if value is not None}
        assert json.loads(read_line(text, CRATES_IO).rendered()) == want | {"yanked": False}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "../x"}, "name"),
        ({"vers": "1"}, "is not SemVer"),
        ({"cksum": "A" * 64}, "`cksum` is 'AAA"),
        ({"deps": None}, "it is not an index line"),
        ({"features": None}, "it is not an index line"),
        ({"yanked": "false"}, "it is not an index line"),
        ({"v": "2"}, "it is not an index line"),
        ({"pubtime": "2026-01-02T03:04:05+00:00"}, "`pubtime` is '2026"),
        ({"pubtime": "2026-02-30T03:04:05Z"}, "`pubtime` is '2026-02-30T03:04:05Z'"),
        ({"pubtime": "2026-01-02T24:00:00Z"}, "`pubtime` is '2026-01-02T24:00:00Z'"),
        ({"pubtime": "0000-01-02T03:04:05Z"}, "`pubtime` is '0000"),
        ({"deps": [{**DEP, "req": "one"}]}, "the requirement 'one' is invalid"),
        ({"deps": [{**DEP, "registry": "x"}]}, "the registry URL 'x' cannot be used"),
        ({"deps": [{**DEP, "target": "cfg("}]}, "target triple"),
        ({"deps": [{**DEP, "package": "a b"}]}, "a b"),
        ({"features": {"a": ["b"]}}, "the feature `a` includes `b`"),
        ({"links": "a\0"}, "it has a NUL character"),
        ({"deps": [DEP] * 60_000}, "parts"),
        ({"links": "x" * 1_100_000}, "it has more than 1048576 bytes"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_lines_that_are_refused(changes: dict[str, Any], reason: str) -> None:
    """A line that cargo would misread, or that cannot be stored."""
    with pytest.raises(RegistryError, match=reason.replace("(", r"\(")):
        read_line(raw(**changes), OWN)


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"\xff", b'{"name":"\\ud800"}', b"[" * 9000])
def test_texts_that_are_no_lines(text: bytes) -> None:
    """Whatever it is, it is an error of the line."""
    with pytest.raises(InvalidMetadata):
        read_line(text, OWN)


def test_file_of_a_crate() -> None:
    """The last of two lines counts, all have one spelling, and bad ones do not hide others."""
    body = b"\n".join(
        [
            raw(vers="1.0.0", cksum="b" * 64),
            raw(vers="1.0.0"),
            raw(vers="2.0.0", name="lab"),
            raw(vers="3.0.0", name="other"),
            b"{",
            raw(vers="4.0.0"),
        ]
    )
    versions, refused = read_index_file(body, "lab", OWN)
    assert {vers: line.cksum[0] for vers, line in versions.items()} == {"1.0.0": "a", "4.0.0": "a"}
    assert [(one.vers, one.reason[:32]) for one in refused] == [
        ("2.0.0", "its name is `lab`, not `Lab`"),
        ("3.0.0", "it is a line of another crate, '"),
        ("", "it is not an index line: Input d"),
    ]
    assert read_index_file(b"\n \n", "lab", OWN)[0] == {}


def test_features_are_checked_with_the_dependencies_of_their_version() -> None:
    """The same features may be sound in one version of a crate, and not in the next."""
    features, dep = {"x": ["dep:a"]}, {**DEP, "optional": True}
    body = b"\n".join(
        [
            raw(vers="1.0.0", features=features, deps=[dep]),
            raw(vers="2.0.0", features=features, deps=[dep]),
            raw(vers="3.0.0", features=features, deps=[DEP]),
            raw(vers="4.0.0", features=features, deps=[{**dep, "kind": "dev"}]),
            raw(vers="5.0.0", features={"x": ["dep:b"]}, deps=[dep]),
            raw(vers="6.0.0", features=features, deps=[dep]),
        ]
    )
    versions, refused = read_index_file(body, "lab", OWN)
    assert list(versions) == ["1.0.0", "2.0.0", "6.0.0"]
    assert [one.vers for one in refused] == ["3.0.0", "4.0.0", "5.0.0"]


def test_file_of_bad_lines_is_read_to_a_limit() -> None:
    """The cost of a file is bounded."""
    _, refused = read_index_file(b"x\n" * 5_000, "lab", OWN)
    assert len(refused) == 1_001


def test_file_beyond_the_largest_size() -> None:
    """A part of it would look like all of it, and a mirror would remove the other versions."""
    versions, refused = read_index_file(raw() + b"\n" * MAX_SIZE, "a", OWN)
    assert versions == {}
    assert [(one.vers, one.reason) for one in refused] == [
        ("", f"its index file has more than {MAX_SIZE} bytes")
    ]
