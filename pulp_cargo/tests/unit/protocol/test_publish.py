"""The body of a publish, and its JSON against the manifest [59-66, 82, 87]."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import (
    InvalidMetadata,
    InvalidName,
    InvalidPublishBody,
    InvalidVersion,
    RegistryError,
    TooLarge,
)
from pulp_cargo.protocol.manifest import parse_manifest
from pulp_cargo.protocol.publish import (
    FrameReader,
    PublishDependency,
    own_url_evidence,
    parse_metadata,
    require_agreement,
)
from pulp_cargo.tests.unit.protocol.properties import QUICK

BODY = b"\x02\x00\x00\x00{}\x05\x00\x00\x00crate"
METADATA = {"name": "leaf", "vers": "1.0.0", "deps": []}
OURS = "sparse+https://r.example/i/"


def parse(**values: object):
    return parse_metadata(json.dumps(METADATA | values).encode())


@QUICK
@given(st.binary(max_size=40), st.binary(max_size=40), st.lists(st.integers(0, 90), max_size=8))
def test_frame_may_arrive_in_any_pieces(metadata, crate, cuts):
    """u32 length, JSON, u32 length, .crate, whatever the chunks of the connection are (67)."""
    body = len(metadata).to_bytes(4, "little") + metadata
    body += len(crate).to_bytes(4, "little") + crate
    reader = FrameReader(100, 100)
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    chunks = [body[start:end] for start, end in itertools.pairwise(edges)]
    received = b"".join(reader.feed(memoryview(chunk)) for chunk in chunks)
    reader.finish()
    assert (reader.metadata, received, reader.crate_size) == (metadata, crate, len(crate))


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "before the length of the metadata"),
        (3, "before the length of the metadata"),
        (4, "after 0 of 2 bytes of metadata"),
        (5, "after 1 of 2 bytes of metadata"),
        (6, "before the length of the crate"),
        (9, "before the length of the crate"),
        (10, "5 bytes before the end of the crate file"),
        (14, "1 bytes before the end of the crate file, which was announced with 5"),
    ],
)
def test_truncated_body_is_refused(size, said):
    """Empty, 1-3 bytes, JSON or crate cut short: 400, nothing stored (59-62)."""
    reader = FrameReader(100, 100)
    reader.feed(BODY[:size])
    with pytest.raises(InvalidPublishBody, match=said):
        reader.finish()


def test_bytes_behind_the_crate_are_refused():
    """Bytes after the crate: 400, in the same chunk or later (65)."""
    with pytest.raises(InvalidPublishBody, match="at least 3 bytes follow"):
        FrameReader(100, 100).feed(BODY + b"abc")
    reader = FrameReader(100, 100)
    reader.feed(BODY)
    with pytest.raises(InvalidPublishBody, match="at least 1 bytes follow"):
        reader.feed(b"a")


def test_sizes_are_checked_by_their_prefix():
    """JSON length 0xFFFFFFFF or crate length over the limit: 413 at once (63, 64)."""
    with pytest.raises(TooLarge, match=r"metadata has 4294967295 bytes.*at most 100"):
        FrameReader(100, 100).feed(b"\xff\xff\xff\xff")
    with pytest.raises(TooLarge, match=r"crate file has 5 bytes.*at most 4"):
        FrameReader(100, 4).feed(BODY[:10])


def test_largest_sizes_are_accepted():
    """A limit is the largest size that is still taken."""
    reader = FrameReader(2, 5)
    assert reader.feed(BODY) == b"crate"
    reader.finish()


def test_metadata_of_cargo():
    """What cargo writes is read, with absent keys as null and unknown ones ignored (55)."""
    dep = {"name": "a", "version_req": "^1", "kind": "dev", "target": "cfg(unix)", "features": []}
    metadata = parse(
        deps=[dep | {"registry": OURS, "explicit_name_in_toml": "b"}], readme="hi", x=1
    )
    assert metadata.deps == (PublishDependency("a", "b", OURS, "dev", "cfg(unix)"),)
    assert (metadata.name, metadata.vers) == ("leaf", "1.0.0")


@pytest.mark.parametrize("values", [{"deps": None}, {"deps": []}, {"deps": [{"name": "a"}]}])
def test_missing_key_of_the_metadata_is_null(values):
    """Only name and vers must be there (66); what a dependency needs is in the manifest."""
    deps = parse(**values).deps
    assert deps == tuple(
        PublishDependency("a", None, None, "normal", None) for _ in values["deps"] or []
    )


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name": None}, InvalidMetadata),
        ({"name": 1}, InvalidMetadata),
        ({"name": "a b"}, InvalidName),
        ({"vers": "1.0"}, InvalidVersion),
        ({"vers": None}, InvalidMetadata),
        ({"deps": ["a"]}, InvalidMetadata),
        ({"deps": [{}]}, InvalidMetadata),
        ({"readme": ["a"]}, InvalidMetadata),
        ({"readme_file": {}}, InvalidMetadata),
        ({"description": 5}, InvalidMetadata),
        ({"license": ["MIT"]}, InvalidMetadata),
        ({"links": 1}, InvalidMetadata),
        ({"rust_version": 1.7}, InvalidMetadata),
        ({"repository": False}, InvalidMetadata),
        ({"keywords": "a"}, InvalidMetadata),
        ({"keywords": [1]}, InvalidMetadata),
        ({"categories": {}}, InvalidMetadata),
        ({"authors": [None]}, InvalidMetadata),
        ({"features": []}, InvalidMetadata),
        ({"features": {"a": "b"}}, InvalidMetadata),
        ({"features": {"a": [1]}}, InvalidMetadata),
        ({"badges": []}, InvalidMetadata),
        ({"badges": {"a": "b"}}, InvalidMetadata),
        ({"badges": {"a": {"b": 1}}}, InvalidMetadata),
        ({"name": "a\0b"}, InvalidMetadata),
    ],
)
def test_metadata_of_wrong_shape_is_refused(values, error):
    """Missing name or vers, wrong types, text that no database takes: 400 (66, 69, 73)."""
    with pytest.raises(error):
        parse(**values)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'"a"', b"\xff", '{"name":"a"}'.encode("utf-16"), b"[" * 100_000]
)
def test_metadata_that_is_no_object_is_refused(data):
    """JSON not UTF-8, not an object: 400 (66)."""
    with pytest.raises(InvalidMetadata, match="the metadata is not"):
        parse_metadata(data)


@QUICK
@given(
    st.binary()
    | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_are_metadata_or_refused(data):
    """Nothing but a RegistryError comes of bad metadata."""
    with pytest.raises(RegistryError):
        parse_metadata(data)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"name": "Leaf"},
            "the name `Leaf` in the metadata differs from the name `leaf` in the Cargo",
        ),
        ({"vers": "1.0.0+a"}, r"the version `1\.0\.0\+a` in the metadata .* version `1\.0\.0` in"),
    ],
)
def test_manifest_must_agree_letter_by_letter(values, said):
    """Manifest name or version differs from the JSON: 400 (82)."""
    manifest = parse_manifest(b'[package]\nname = "leaf"\nversion = "1.0.0"')
    require_agreement(parse(), manifest)
    with pytest.raises(InvalidMetadata, match=said):
        require_agreement(parse(**values), manifest)


def test_publisher_tells_by_which_url_we_are_known():
    """The same dependency has no registry in the JSON and our URL in the manifest."""
    toml = f"""
        [package]
        name = "leaf"
        version = "1.0.0"
        [target.'cfg(any(target_os="a",))'.dependencies]
        alias = {{ version = "1", package = "ours", registry-index = "{OURS}" }}
        [dependencies]
        third = {{ version = "1", registry-index = "sparse+https://third.example/" }}
        other-kind = {{ version = "1", registry-index = "sparse+https://kind.example/" }}
        serde = "1"
    """
    base = {"version_req": "^1", "kind": "normal", "target": None}
    metadata = parse(
        deps=[
            # Cargo prints the target anew for the JSON, and copies it into the manifest.
            base
            | {"name": "ours", "explicit_name_in_toml": "alias"}
            | {"target": 'cfg(any(target_os = "a"))'},
            base | {"name": "third", "registry": "sparse+https://third.example/"},
            base | {"name": "other-kind", "kind": "dev"},
            base | {"name": "serde"},
        ]
    )
    assert own_url_evidence(metadata, parse_manifest(toml.encode())) == {OURS}


@pytest.mark.parametrize("readme", ["a\0b", "\ud800", ""])
def test_readme_of_the_metadata_is_any_text(readme):
    """It is not used: the one in the .crate file counts."""
    assert parse(readme=readme).name == "leaf"


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"leaf","vers":"1.0.0","name":"other"}',
        b'{"name":"leaf","vers":"1.0.0","vers":"1.0.0"}',
        b'{"name":"leaf","vers":"1.0.0","deps":[{"name":"a","name":"b"}]}',
        b'{"name":"leaf","vers":"1.0.0","x":{"y":1,"y":2}}',
        b'{"name":"leaf","vers":"1.0.0","x":NaN}',
        b'{"name":"leaf","vers":"1.0.0","x":[-Infinity]}',
        b'{"name":"leaf","vers":"1.0.0","x":Infinity}',
    ],
)
def test_metadata_that_is_read_in_two_ways_is_refused(body):
    """A key twice, of which readers take one or the other, and numbers that JSON does not have."""
    with pytest.raises(InvalidMetadata, match=r"occurs twice|is not a number in JSON"):
        parse_metadata(body)


def test_all_that_cargo_sends_may_be_null_or_what_it_is():
    """Cargo writes null for what the manifest has not; old releases leave keys out (66)."""
    texts = ("description", "documentation", "homepage", "license", "license_file", "links")
    more = ("readme", "readme_file", "repository", "rust_version")
    lists = ("authors", "categories", "keywords")
    parse(**dict.fromkeys((*texts, *more, *lists, "features", "badges", "deps")))
    parse(
        **dict.fromkeys((*texts, *more), "a\0\ud800"),
        **{key: ["a"] for key in lists},
        features={"a": ["b"], "c": []},
        badges={"travis-ci": {"repository": "a/b", "branch": None}},
    )
