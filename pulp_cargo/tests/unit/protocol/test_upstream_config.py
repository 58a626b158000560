"""The config.json of other registries, and where their files are (Cargo Book, "Index Configuration")."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.config import render_config
from pulp_cargo.protocol.unavailable import UpstreamConfigInvalid
from pulp_cargo.protocol.upstream_config import (
    MAX_SIZE,
    UpstreamConfig,
    download_url,
    parse_upstream_config,
)
from pulp_cargo.tests.unit.protocol.properties import QUICK

CKSUM = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"dl": "https://r.example/dl"}, ("https://r.example/dl", False)),
        ({"dl": "http://[::1]:8080", "api": None}, ("http://[::1]:8080", False)),
        (
            {"dl": "https://r/{crate}", "api": "https://r", "auth-required": True, "new": 1},
            ("https://r/{crate}", True),
        ),
        ({"dl": "https://r", "auth_required": True}, ("https://r", False)),
        ({"dl": "HTTPS://r"}, ("HTTPS://r", False)),
    ],
)
def test_config_is_read(config, expected):
    """Only `dl` is needed; unknown keys, a misspelled one among them, are ignored."""
    found = parse_upstream_config(json.dumps(config).encode())
    assert (found.dl, found.auth_required) == expected


def test_config_has_a_largest_size() -> None:
    """One that has just that is read."""
    body = b'{"dl":"https://r"}'.rjust(MAX_SIZE)
    assert parse_upstream_config(body) == UpstreamConfig("https://r", False)


def test_our_own_config_is_read():
    """A registry of Pulp may be the upstream of another."""
    body = render_config(dl="https://r.example/dl", api="https://r.example", auth_required=True)
    expected = UpstreamConfig("https://r.example/dl", True, "https://r.example")
    assert parse_upstream_config(body) == expected


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ("https://r.example/registry", "https://r.example/registry"),
        (None, None),
        ("", None),
        ("/api", None),
        ("file:///etc", None),
        ("https://[::1/", None),
        ("https://r.example/a b", None),
    ],
)
def test_web_api_that_cannot_be_used(api, expected):
    """Downloads do not need it, so the rest of the file is read."""
    body = json.dumps({"dl": "https://r.example/dl", "api": api}).encode()
    assert parse_upstream_config(body) == UpstreamConfig("https://r.example/dl", False, expected)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "it is not JSON"),
        (b"<html>", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b"[" * 50_000, "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (
            b'{"dl":"https://r/' + b"{sha256-checksum}" * 130 + b'"}',
            "its `dl` has 2220 characters, more than 2048",
        ),
        (b"{}", "it has no `dl`"),
        (b'{"dl":null}', "it has no `dl`"),
        (b'{"dl":1}', "`dl` of it must be a string"),
        (b'{"dl":"https://r","api":1}', "`api` of it must be a string"),
        (b'{"dl":"https://r","auth-required":null}', "`auth-required` is null"),
        (b'{"dl":"https://r","auth-required":"yes"}', "must be true or false"),
        (b'{"dl":""}', "'' is not an http or https URL"),
        (b'{"dl":"/dl"}', "'/dl' is not an http or https URL"),
        (b'{"dl":"file:///etc"}', "'file:///etc' is not an http or https URL"),
        (b'{"dl":"ftp://r.example"}', "is not an http or https URL"),
        (b'{"dl":"https:///dl"}', "is not an http or https URL"),
        (b'{"dl":"https://r.example/a b"}', "is not an http or https URL"),
        (b'{"dl":"https://r.example/\\n"}', "is not an http or https URL"),
        (b'{"dl":"https://[::1/"}', "is not a valid URL"),
        (b'{"dl":"https://r.example:port/"}', "is not a valid URL"),
        (b" " * MAX_SIZE + b"{}", f"more than {MAX_SIZE}"),
    ],
)
def test_bad_config_is_refused(body, said):
    """The sentence names the value; files are fetched by HTTP and from nowhere else."""
    with pytest.raises(UpstreamConfigInvalid, match=f"config.json.*{said}") as caught:
        parse_upstream_config(body)
    assert caught.value.status == 502


@pytest.mark.parametrize(
    ("dl", "expected"),
    [
        ("https://r.example/dl", "https://r.example/dl/Lab_base/1.0.0+b.5/download"),
        ("https://r.example/", "https://r.example//Lab_base/1.0.0+b.5/download"),
        ("https://r/{Crate}", "https://r/{Crate}/Lab_base/1.0.0+b.5/download"),
        ("https://r/{crate}", "https://r/Lab_base"),
        ("https://r/?v={version}", "https://r/?v=1.0.0+b.5"),
        ("https://r/{prefix}/x", "https://r/La/b_/x"),
        ("https://r/{lowerprefix}/x", "https://r/la/b_/x"),
        ("https://r/{sha256-checksum}.crate", f"https://r/{CKSUM}.crate"),
        (
            "https://{crate}.r/{prefix}/{crate}/{crate}-{version}.crate",
            "https://Lab_base.r/La/b_/Lab_base/Lab_base-1.0.0+b.5.crate",
        ),
    ],
)
def test_markers_are_replaced_wherever_they_stand(dl, expected):
    """Without any of the five, spelled so, `/{crate}/{version}/download` follows."""
    config = UpstreamConfig(dl, False)
    assert download_url(config, "Lab_base", "1.0.0+b.5", CKSUM) == expected


@pytest.mark.parametrize(
    ("name", "prefix", "lower"),
    [("A", "1", "1"), ("Io", "2", "2"), ("Log", "3/L", "3/l"), ("SeRde", "Se/Rd", "se/rd")],
)
def test_prefixes_are_those_of_the_index(name, prefix, lower):
    """One keeps the case of the name, the other is that of the index path."""
    config = UpstreamConfig("https://r/{prefix}/-/{lowerprefix}", False)
    assert download_url(config, name, "1.0.0", CKSUM) == f"https://r/{prefix}/-/{lower}"


@QUICK
@given(st.binary() | st.text().map(lambda dl: json.dumps({"dl": f"https://{dl}"}).encode()))
def test_any_bytes_are_a_config_or_refused(data):
    """Nothing but UpstreamConfigInvalid comes of a bad one."""
    with contextlib.suppress(UpstreamConfigInvalid):
        parse_upstream_config(data)
