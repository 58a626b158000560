"""What holds for every call of the web API (Cargo Book, "Registry Web API")."""

import gzip
import random
import time

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry

UNKNOWN = [
    "", "cratess", "crates/", "crates/a/b/c/d", "nothing", "crates/new/", "crates/a/1.0.0/yank/",
    "crates//1.0.0/yank", "crates/a/1.0.0/readmee", "crates/fo/o/1.0.0/yank", "../x", "%00", "%ff",
]  # fmt: skip
WRONG_METHODS = [
    ("POST", "crates", "GET, HEAD"), ("DELETE", "crates/a", "GET, HEAD"), ("POST", "crates/new", "PUT, GET, HEAD"),
    ("DELETE", "crates/new", "PUT, GET, HEAD"), ("PATCH", "crates/new", "PUT, GET, HEAD"),
    ("GET", "crates/a/1.0.0/yank", "DELETE"), ("PUT", "crates/a/1.0.0/yank", "DELETE"),
    ("POST", "crates/a/1.0.0/unyank", "PUT"), ("DELETE", "crates/a/1.0.0/unyank", "PUT"),
    ("PUT", "crates/a/1.0.0/download", "GET, HEAD"), ("PROPFIND", "crates/new", "PUT, GET, HEAD"),
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", UNKNOWN)
def test_unknown_route_is_a_json_error(registry: Registry, method: str, path: str):
    """Cargo dumps any other answer raw, with all its headers [49]."""
    answer = registry.api(method, path, b"{}" if method != "GET" else None)
    assert answer.status == 404
    assert answer.detail


@pytest.mark.parametrize(("method", "path", "allowed"), WRONG_METHODS)
def test_wrong_method_is_a_json_error(registry: Registry, method: str, path: str, allowed: str):
    """405, in cargo's form, with the methods that the path is for [49]."""
    answer = registry.api(method, path, b"")
    assert answer.status == 405
    assert method in answer.detail
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("tail", ["api/v2/crates/new", "api", "api/", "me/", "me/x"])
def test_every_path_of_a_registry_answers_json(registry: Registry, tail: str):
    """Also outside of `api/v1` [49]."""
    answer = registry.get(tail)
    assert answer.status == 404
    assert answer.detail


def test_unknown_registry_is_a_json_error(registry: Registry):
    """A typing error in the URL gets a sentence [49]."""
    for path in ("../no-such-registry/config.json", "../no-such-registry/api/v1/crates/new"):
        answer = registry.get(path)
        assert answer.status == 404
        assert "no-such-registry" in answer.detail


@pytest.mark.parametrize("path", ["crates/{name}/1.0.0/yank/", "crates/new/"])
def test_no_redirects(registry: Registry, name: str, path: str):
    """Cargo does not follow them on API calls; a final slash is another path [52]."""
    answer = registry.api("PUT", path.format(name=name), b"")
    assert answer.status == 404
    assert "location" not in answer.headers


def test_query_parameters_are_ignored(registry: Registry, name: str):
    """What a newer cargo may send does no harm [55]."""
    registry.publish(Crate(name))
    assert registry.get(f"api/v1/crates/{name}/1.0.0/download?x=1").status == 200
    assert registry.api("DELETE", f"crates/{name}/1.0.0/yank?x=1").json() == {"ok": True}


@pytest.mark.parametrize("body", [b"not json", b"{}", b'{"a":1}', b"\xff"])
def test_body_where_none_is_needed_is_ignored(registry: Registry, name: str, body: bytes):
    """Up to 1.95 cargo calls nothing JSON [53, 54]."""
    registry.publish(Crate(name))
    headers = {"Content-Type": "application/json"}
    assert registry.yank(name, body=body, headers=headers).status == 200


def test_large_crate_is_published_in_time(registry: Registry, name: str):
    """Cargo gives up after 30 s without an answer [57]."""
    crate = Crate(name, files={"noise": random.randbytes(10 * 1024 * 1024)})
    begun = time.monotonic()
    registry.publish(crate)
    assert time.monotonic() - begun < 30


def test_too_large_crate_is_refused_with_the_limit(registry: Registry, name: str):
    """The sentence names both sizes [49, 64]."""
    answer = registry.send(Crate(name, archive=bytes(50 * 1024 * 1024 + 1)))
    assert answer.status == 413
    assert "52428800" in answer.detail and "52428801" in answer.detail


def test_errors_are_not_cached(registry: Registry, name: str):
    """What is not there now may be there a moment later [39]."""
    for answer in (registry.download(name), registry.yank(name), registry.index_file(name)):
        assert answer.headers["cache-control"] == "no-store"


def test_odd_headers_are_no_server_error(registry: Registry, name: str):
    """Whatever a client sends, there is no traceback [58]."""
    registry.publish(Crate(name))
    for headers in (
        {"Content-Type": "application/json; charset=nonsense"},
        {"Content-Encoding": "identity"},
        {"Accept": "nonsense"},
        {"Accept-Encoding": ",;q=x"},
        {"X-Forwarded-For": "\xff"},
        {"Correlation-ID": "x" * 2000},
    ):
        answer = registry.api("DELETE", f"crates/{name}/9.9.9/yank", b"x", headers=headers)
        assert (answer.status, "has no version `9.9.9`" in answer.detail) == (404, True)


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """50 MB in 50 kB."""
    return gzip.compress(bytes(50_000_000))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, gzip", "x"])
@pytest.mark.parametrize("path", ["config.json", "api/v1/crates/new", "no/th/nothing"])
def test_compressed_body_is_refused(registry: Registry, encoding: str, path: str, bomb: bytes):
    """Unpacking it would be at everybody's cost, whoever sends it, and whether it is read or not."""
    for method in ("GET", "PUT"):
        answer = registry.request(method, path, body=bomb, headers={"Content-Encoding": encoding})
        assert (answer.status, "without a `Content-Encoding`" in answer.detail) == (415, True)
