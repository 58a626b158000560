"""Downloads from an object storage: by a redirect to it, and passed on."""

import random
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.storage.conftest import Domain, fetched, must_have
from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.object_storage import BUCKET, ObjectStorage, key_of
from pulp_cargo.tests.support.registry import Answer, Registry

MIB = 1024 * 1024
# One that is kept in memory, and one that is not.
SIZES = pytest.mark.parametrize("size", [100, 2 * MIB], ids=["small", "large"])


def published(registry: Registry, name: str, size: int = 100) -> Crate:
    """A crate that was published."""
    crate = Crate(name, files={"noise": random.randbytes(size)})
    registry.publish(crate)
    return crate


def ask(registry: Registry, name: str, method: str = "GET", **headers: str) -> Answer:
    """Ask for version 1.0.0; keyword arguments are headers with `_` for `-`."""
    named = {header.replace("_", "-"): value for header, value in headers.items()}
    return registry.request(method, f"api/v1/crates/{name}/1.0.0/download", headers=named)


@pytest.fixture(scope="module")
def passing(passed: Domain) -> Registry:
    """A registry of the domain that passes files on."""
    return passed.make_registry()


@pytest.mark.cargo
@pytest.mark.parametrize(("domain", "private"), [("redirected", True), ("passed", False)])
def test_cargo_publishes_and_builds(
    domains: dict[str, Domain], tmp_path: Path, name: str, domain: str, private: bool
):
    """The real cargo follows the redirect, does not send its token there, and checks the file."""
    registry = domains[domain].make_registry(auth_required=private)
    cargo = Cargo(tmp_path / "home", {"mine": registry}, provider=True).configure()
    cargo.package(tmp_path, name).publish()
    dep = f'{name} = {{ version = "1", registry = "mine" }}'
    app = cargo.package(tmp_path, f"{name}-app", deps=[dep])
    app.run("fetch")
    assert app.locked()[f"{name} 1.0.0"][1]
    app.run("build", "--offline")


@SIZES
def test_redirect_is_signed_and_for_nobody_to_keep(
    registry: Registry, s3: ObjectStorage, name: str, size: int
):
    """To the object of just these bytes, for a while; caches keep the file, not the way there."""
    crate = published(registry, name, size)
    answer = ask(registry, name)
    assert answer.status == 302
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    location = urlsplit(answer.headers["location"])
    assert location.path == f"/{BUCKET}/{key_of(crate.cksum())}"
    signed = parse_qs(location.query)
    assert {"X-Amz-Signature", "X-Amz-Expires"} <= set(signed)
    assert int(signed["X-Amz-Expires"][0]) == 3600
    assert signed["response-content-type"] == ["application/gzip"]
    assert signed["response-cache-control"] == ["public, max-age=31536000, immutable"]
    with urlopen(answer.headers["location"], timeout=30) as response:
        assert response.read() == crate.packed(registry.index_url)
    must_have(registry, crate)


def test_redirect_asks_the_storage_nothing(registry: Registry, s3: ObjectStorage, name: str):
    """Signing a URL takes no request, so a lock of hundreds of crates is as fast as without."""
    published(registry, name)
    ask(registry, name)
    s3.requests.clear()
    assert ask(registry, name).status == 302
    assert s3.requests == []


def test_head_is_redirected_by_a_url_for_head(registry: Registry, name: str):
    """The method is part of what is signed."""
    published(registry, name)
    get, head = ask(registry, name), ask(registry, name, "HEAD")
    assert head.status == 302 and head.body == b""
    assert head.headers["location"] != get.headers["location"]


@pytest.mark.parametrize("domain", ["redirected", "passed"])
@SIZES
def test_token_is_asked_for_first(domains: dict[str, Domain], name: str, domain: str, size: int):
    """A private file is neither sent nor signed for a stranger, however often it was read."""
    registry = domains[domain].make_registry(auth_required=True)
    crate = published(registry, name, size)
    for _ in range(2):
        answer = registry.download(name, token=registry.token)
        assert fetched(answer) == crate.packed(registry.index_url)
        for token in (None, "pulp_cargo_wrong"):
            refused = registry.download(name, token=token)
            assert refused.status == 401
            assert "location" not in refused.headers
    assert "public" not in answer.headers["cache-control"]


@SIZES
def test_file_is_passed_on_with_its_headers(passing: Registry, name: str, size: int):
    """The client sees no storage: length, type, tag and cache are those of the registry."""
    crate = published(passing, name, size)
    get, head = ask(passing, name), ask(passing, name, "HEAD")
    assert get.body == crate.packed(passing.index_url)
    assert (get.status, head.status, head.body) == (200, 200, b"")
    for answer in (get, head):
        assert answer.headers["etag"] == f'"{crate.cksum()}"'
        assert answer.headers["content-type"] == "application/gzip"
        assert answer.headers["content-length"] == str(len(get.body))
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "content-encoding" not in answer.headers


@SIZES
def test_known_tag_is_304(passing: Registry, name: str, size: int):
    """And nothing is fetched for it."""
    crate = published(passing, name, size)
    answer = ask(passing, name, if_none_match=f'"{crate.cksum()}"')
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == f'"{crate.cksum()}"'
    for form in (f'W/"{crate.cksum()}"', f'"other", "{crate.cksum()}"', "*"):
        assert ask(passing, name, if_none_match=form).status == 304
    for form in ('"other"', crate.cksum(), f'"{crate.cksum()}', '"*"'):
        assert ask(passing, name, if_none_match=form).status == 200


@SIZES
def test_ranges_of_what_is_passed_on(passing: Registry, name: str, size: int):
    """From, to, the last ones, and what the file does not have."""
    crate = published(passing, name, size)
    whole = crate.packed(passing.index_url)
    ranges = {"bytes=0-9": whole[:10], "bytes=100-": whole[100:], "bytes=-7": whole[-7:]}
    for wanted, part in ranges.items():
        answer = ask(passing, name, range=wanted)
        assert (answer.status, answer.body) == (206, part)
        assert answer.headers["content-range"].endswith(f"/{len(whole)}")
    for wanted in (f"bytes={len(whole)}-", "bytes=-0"):
        beyond = ask(passing, name, range=wanted)
        assert beyond.status == 416
        assert beyond.headers["content-range"] == f"bytes */{len(whole)}"


def test_small_file_is_fetched_once(passing: Registry, s3: ObjectStorage, name: str):
    """Then it is in memory, as index files are."""
    published(passing, name)
    ask(passing, name)
    s3.requests.clear()
    # The other process may have to fetch it, too.
    assert {ask(passing, name).status for _ in range(10)} == {200}
    assert len(s3.requests) <= 3, "one fetch: twice for what it is, once for its bytes"


@SIZES
def test_storage_that_refuses_is_503(passing: Registry, s3: ObjectStorage, name: str, size: int):
    """In cargo's form, and it goes away."""
    crate = published(passing, name, size)
    with s3.refusing():
        answer = ask(passing, name)
        assert answer.status == 503
        assert "storage" in answer.detail
        assert int(answer.headers["retry-after"]) > 0
        assert passing.index(name)
    must_have(passing, crate)


def test_domain_changes_its_mind(passed: Domain, name: str):
    """A change of the domain's setting holds with the next request."""
    registry = passed.make_registry()
    crate = published(registry, name, 2 * MIB)
    assert ask(registry, name).status == 200
    passed.rest.patch(passed.href, redirect_to_object_storage=True)
    try:
        assert ask(registry, name).status == 302
        must_have(registry, crate)
    finally:
        passed.rest.patch(passed.href, redirect_to_object_storage=False)
    assert ask(registry, name).status == 200


@SIZES
@pytest.mark.parametrize("domain", ["redirected", "passed"])
def test_downloads_are_counted(
    domains: dict[str, Domain], name: str, size: int, domain: str
) -> None:
    """Redirects to the storage and files that are passed on, but no HEAD, 304 or continuation."""
    registry = domains[domain].make_registry()
    crate = published(registry, name, size)
    for _ in range(2):
        assert ask(registry, name).status == (302 if domain == "redirected" else 200)
    ask(registry, name, "HEAD")
    ask(registry, name, Range="bytes=10-")
    assert ask(registry, name, If_None_Match=f'"{crate.cksum(registry.index_url)}"').status == 304
    rest = domains[domain].rest

    def counts() -> list[int]:
        return [one["downloads"] for one in rest.list(f"{registry.href}downloads/")]

    launcher.wait_for(lambda: counts() == [2])
    assert counts() == [2]
