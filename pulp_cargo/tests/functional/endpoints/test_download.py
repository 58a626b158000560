"""Downloads of .crate files (Cargo Book, "Index Configuration", `dl`)."""

import hashlib
import random
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.stack import Stack


def _file(registry: Registry, name: str, method: str = "GET", **headers: str) -> Answer:
    path = f"api/v1/crates/{name}/1.0.0/download"
    return registry.request(method, path, headers=headers)


def test_download_is_the_published_bytes(registry: Registry, name: str):
    """Below the `dl` of config.json, with a length and the checksum of the index [42, 57]."""
    crate = Crate(name, files={"noise": random.randbytes(10 * 1024 * 1024)})
    registry.publish(crate)
    dl = urlsplit(registry.get("config.json").json()["dl"]).path
    assert dl.startswith(urlsplit(registry.url).path)
    answer = registry.get(f"{dl.removeprefix(urlsplit(registry.url).path)}/{name}/1.0.0/download")
    assert answer.status == 200
    assert answer.body == crate.packed(registry.index_url)
    assert answer.headers["content-length"] == str(len(answer.body))
    assert hashlib.sha256(answer.body).hexdigest() == registry.entry(name)["cksum"]


@pytest.mark.parametrize("accept", ["deflate, gzip", "gzip", "identity", "*"])
def test_file_has_no_content_encoding(registry: Registry, name: str, accept: str):
    """Cargo would undo it and miss the checksum [43]."""
    registry.publish(Crate(name))
    answer = _file(registry, name, **{"Accept-Encoding": accept})
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"] == "application/gzip"


@pytest.mark.parametrize("typed", ["1.0.0+b.1", "1.0.0%2Bb.1", "1.0.0%2bb.1"])
def test_build_metadata_in_the_path(registry: Registry, name: str, typed: str):
    """Cargo sends the `+` as it is; other tools encode it [44]."""
    registry.publish(Crate(name, "1.0.0+b.1"))
    assert registry.download(name, typed).status == 200


def test_build_metadata_belongs_to_the_version(registry: Registry, name: str):
    """The version in the path is the one in the index, as a whole [46]."""
    registry.publish(Crate(name, "1.0.0+b.1"))
    for vers in ("1.0.0", "1.0.0+b.2", "1.0.0%20b.1"):
        assert registry.download(name, vers).status == 404


@pytest.mark.parametrize("vers", ["1.0.1", "1.0", "01.0.0", "x", "1.0.0%00", "%ff", "1.0.0%2F.."])
def test_unknown_version_is_404(registry: Registry, name: str, vers: str):
    """And so is what is no version at all [46]."""
    registry.publish(Crate(name))
    answer = registry.download(name, vers)
    assert answer.status == 404
    assert answer.detail


def test_other_spelling_of_the_name_is_404(registry: Registry, name: str):
    """Cargo asks by the spelling of the index [46]."""
    registry.publish(Crate(f"{name}-a"))
    for spelling in (f"{name}_a", f"{name}-A", f"{name}-a%20", f"{name}%2Fa"):
        assert registry.download(spelling).status == 404


def test_head_has_the_headers_of_get(registry: Registry, name: str):
    """Tools look at the length first [47]."""
    registry.publish(Crate(name))
    get, head = _file(registry, name), _file(registry, name, "HEAD")
    assert head.status == 200 and head.body == b""
    for header in ("content-length", "content-type", "cache-control"):
        assert head.headers[header] == get.headers[header]


def test_ranges(registry: Registry, name: str):
    """Interrupted downloads go on [47]."""
    registry.publish(Crate(name))
    whole = _file(registry, name).body
    part = _file(registry, name, Range="bytes=10-19")
    assert (part.status, part.body) == (206, whole[10:20])
    assert _file(registry, name, Range="bytes=10-").body == whole[10:]
    assert _file(registry, name, Range="bytes=999999-").status == 416
    none = _file(registry, name, Range="bytes=-0")
    assert (none.status, none.headers["content-range"]) == (416, f"bytes */{len(whole)}")


def test_file_never_changes(registry: Registry, name: str):
    """So caches may keep it for ever [42]."""
    registry.publish(Crate(name))
    cache_control = _file(registry, name).headers["cache-control"]
    assert "public" in cache_control and "immutable" in cache_control


def test_private_file_needs_a_token(stack: Stack, name: str):
    """401 without one, 200 with it [48]."""
    private = stack.make_registry(auth_required=True)
    private.publish(Crate(name))
    refused = private.download(name)
    assert refused.status == 401
    assert refused.detail
    assert private.download(name, token=private.token).status == 200


def test_file_of_a_rolled_back_version_is_gone(stack: Stack, name: str):
    """A registry serves what is in its repository version, no less and no more [46]."""
    registry = stack.make_registry()
    registry.publish(Crate(name))
    registry.publish(Crate(name, "2.0.0"))
    older = f"{registry.repository}versions/1/"
    stack.rest.post(f"{registry.repository}modify/", base_version=older)
    assert [entry["vers"] for entry in registry.index(name)] == ["1.0.0"]
    assert registry.download(name, "1.0.0").status == 200
    assert registry.download(name, "2.0.0").status == 404


def test_part_has_the_validator_of_the_whole(registry: Registry, name: str):
    """So that a download that broke off can be carried on with If-Range [47]."""
    crate = Crate(name)
    registry.publish(crate)
    whole = _file(registry, name)
    tag = whole.headers["etag"]
    part = _file(registry, name, Range="bytes=10-", **{"If-Range": tag})
    assert (part.status, part.headers["etag"]) == (206, tag)
    assert part.body == whole.body[10:]
    stale = _file(registry, name, Range="bytes=10-", **{"If-Range": '"other"'})
    assert (stale.status, stale.body) == (200, whole.body)
    beyond = _file(registry, name, Range=f"bytes={len(whole.body)}-")
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(whole.body)}")
    assert beyond.detail


@pytest.mark.parametrize("size", [10, 2 * 1024 * 1024])
def test_file_that_the_storage_has_lost_is_no_answer_to_keep(
    stack: Stack, registry: Registry, name: str, size: int
):
    """A clear error that no cache may store, for small files and large ones."""
    registry.publish(Crate(name, files={"noise": random.randbytes(size)}))
    cksum = registry.entry(name)["cksum"]
    (stack.data_dir / "media" / "artifact" / cksum[:2] / cksum[2:]).unlink()
    answer = _file(registry, name)
    assert (answer.status, name in answer.detail) == (503, True)
    assert answer.headers["cache-control"] == "no-store"
