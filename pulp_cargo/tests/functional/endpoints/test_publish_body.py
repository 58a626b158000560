"""The body of a publish: two lengths and two parts (Cargo Book, Registry Web API, "Publish")."""

import json
import random
import socket
import struct
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.support.crate import Crate, frame
from pulp_cargo.tests.support.registry import Registry

Damage = Callable[[bytes, bytes], bytes]

# Each makes a body of the JSON and the file; the words are what the sentence must hold.
DAMAGED: list[tuple[str, Damage, int, str]] = [
    ("empty", lambda meta, file: b"", 400, "length of the metadata"),
    ("one byte", lambda meta, file: b"\2", 400, "length of the metadata"),
    ("three bytes", lambda meta, file: b"\2\0\0", 400, "length of the metadata"),
    (
        "JSON length beyond the body",
        lambda meta, file: struct.pack("<I", 900_000) + meta,
        400,
        "900000",
    ),
    ("JSON only", lambda meta, file: frame(meta, file)[: 4 + len(meta)], 400, "crate file"),
    (
        "half a crate length",
        lambda meta, file: frame(meta, file)[: 6 + len(meta)],
        400,
        "crate file",
    ),
    ("crate length beyond the body", lambda meta, file: frame(meta, file)[:-7], 400, "7 bytes"),
    ("JSON length of 4 GiB", lambda meta, file: b"\xff" * 4 + meta, 413, "4294967295"),
    (
        "crate length of 4 GiB",
        lambda meta, file: frame(meta, file)[: 4 + len(meta)] + b"\xff" * 4 + file,
        413,
        "4294967295",
    ),
    ("bytes after the crate", lambda meta, file: frame(meta, file) + b"more", 400, "4 bytes"),
    ("JSON is not UTF-8", lambda meta, file: frame(meta[:-1] + b',"x":"\xff"}', file), 400, "JSON"),
    ("JSON is cut off", lambda meta, file: frame(meta[:-1], file), 400, "JSON"),
    ("JSON is a list", lambda meta, file: frame(b"[]", file), 400, "object"),
    ("JSON is a number", lambda meta, file: frame(b"1", file), 400, "object"),
    ("JSON is empty", lambda meta, file: frame(b"", file), 400, "JSON"),
    ("JSON is nested deep", lambda meta, file: frame(b"[" * 100_000, file), 400, "JSON"),
    ("JSON in UTF-16", lambda meta, file: frame(meta.decode().encode("utf-16"), file), 400, "JSON"),
]
WRONG_JSON = [
    ("no name", {"name": None}, "name"),
    ("no version", {"vers": None}, "vers"),
    ("a name that is a number", {"name": 1}, "name"),
    ("a version that is a list", {"vers": ["1.0.0"]}, "vers"),
    ("dependencies that are an object", {"deps": {}}, "deps"),
    ("a dependency that is a string", {"deps": ["serde"]}, "deps[0]"),
    ("a readme that is a list", {"readme": ["a"]}, "readme"),
    ("features that are a list", {"features": []}, "`features` of the metadata must be a table"),
    ("keywords that are numbers", {"keywords": [1]}, "`keywords` of the metadata must be a list"),
    ("links that are a number", {"links": 1}, "`links` of the metadata must be a string"),
]


@pytest.mark.parametrize(
    ("damage", "status", "words"),
    [case[1:] for case in DAMAGED],
    ids=[case[0] for case in DAMAGED],
)
def test_damaged_body_is_refused(
    registry: Registry, nothing: NothingStored, name: str, damage: Damage, status: int, words: str
):
    """A JSON error that names what is wrong, and nothing stored [59, 60, 61, 62, 63, 64, 65, 66]."""
    crate = Crate(name)
    body = damage(json.dumps(crate.metadata()).encode(), crate.packed(registry.index_url))
    with nothing(registry, name):
        answer = registry.api("PUT", "crates/new", body)
        assert (answer.status, words in answer.detail) == (status, True), answer


@pytest.mark.parametrize(
    ("changes", "words"), [case[1:] for case in WRONG_JSON], ids=[case[0] for case in WRONG_JSON]
)
def test_json_of_another_shape_is_refused(
    registry: Registry, nothing: NothingStored, name: str, changes: dict[str, object], words: str
):
    """Name and version must be there, and everything of the type that cargo sends [66]."""
    with nothing(registry, name):
        answer = registry.send(Crate(name, json_changes=changes))
        assert answer.status == 400
        assert words in answer.detail


@pytest.mark.parametrize("prefix", [b"\xff" * 4, b"\2\0\0\0{}\xff\xff\xff\xff"])
def test_too_large_is_refused_before_the_rest_is_sent(registry: Registry, prefix: bytes):
    """413 is decided from the length alone: no byte of what it announces is ever sent [63, 64]."""
    if prefix.startswith(b"\2"):
        meta = json.dumps(Crate("toolarge").metadata()).encode()
        prefix = struct.pack("<I", len(meta)) + meta + prefix[-4:]
    head = _head(registry, length=4_000_000_000)
    assert _exchange(registry, head + prefix).startswith(b"HTTP/1.1 413 ")


def test_metadata_over_a_mebibyte_is_refused(registry: Registry, nothing: NothingStored, name: str):
    """The JSON of a publish has at most 1 MiB [63]."""
    with nothing(registry, name):
        answer = registry.send(Crate(name, json_changes={"readme": "x" * 1024 * 1024}))
        assert answer.status == 413
        assert "1048576" in answer.detail


def test_chunked_body_is_accepted(registry: Registry, name: str):
    """A body needs no Content-Length [67]."""
    body = Crate(name).body(registry.index_url)
    pieces = (body[at : at + 7] for at in range(0, len(body), 7))
    assert registry.api("PUT", "crates/new", pieces).status == 200
    assert registry.index(name)


@pytest.mark.parametrize("content_type", ["application/octet-stream", "application/json", "x/y"])
def test_content_type_does_not_matter(registry: Registry, name: str, content_type: str):
    """Cargo sends none up to 1.95 and another later [55]."""
    body = Crate(name).body(registry.index_url)
    answer = registry.api("PUT", "crates/new", body, headers={"Content-Type": content_type})
    assert answer.status == 200


def test_unknown_keys_are_ignored(registry: Registry, name: str):
    """A newer cargo may send more [55]."""
    registry.publish(Crate(name, json_changes={"brand-new": {"a": [1]}}))


def test_expect_100_continue_is_answered(registry: Registry, name: str):
    """Cargo asks before it sends more than a mebibyte [56]."""
    body = Crate(name).body(registry.index_url)
    head = _head(registry, length=len(body), more="Expect: 100-continue\r\n")
    with _connection(registry) as connection:
        connection.sendall(head)
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_client_that_goes_away_leaves_nothing(
    registry: Registry, nothing: NothingStored, name: str, share: float
):
    """A disconnect in the middle of the body stores nothing [68]."""
    crate = Crate(name, files={"noise": random.randbytes(3_000_000)})
    body = crate.body(registry.index_url)
    with nothing(registry, name):
        with _connection(registry) as connection:
            connection.sendall(_head(registry, length=len(body)) + body[: int(len(body) * share)])
            time.sleep(0.3)
        time.sleep(0.3)


def _head(registry: Registry, *, length: int, more: str = "") -> bytes:
    path = urlsplit(registry.url).path + "api/v1/crates/new"
    return (
        f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {registry.token}\r\n"
        f"Content-Length: {length}\r\n{more}\r\n"
    ).encode()


def _connection(registry: Registry) -> socket.socket:
    parts = urlsplit(registry.url)
    return socket.create_connection((parts.hostname or "", parts.port or 80), timeout=20)


def _exchange(registry: Registry, sent: bytes) -> bytes:
    with _connection(registry) as connection:
        connection.sendall(sent)
        return connection.recv(65536)
