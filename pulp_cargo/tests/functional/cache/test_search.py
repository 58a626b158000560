"""Search of a cache: what it has stored, and what its upstream's own web API finds."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support import upstream_faults as broken
from pulp_cargo.tests.support.cache import Cache, make_cache
from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.certificate import Certificate
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.exchange import Page
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.sparse_upstream import SEARCH, SparseUpstream, search_path
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, Stack

STORED, OTHER = "zebra-stored", "zebra-other"
POLICIES = "cargo/crate-policies/"


@pytest.fixture(scope="module")
def searching(stack: Stack, lasting: SparseUpstream) -> Cache:
    """A cache that asks its upstream, and has one crate stored."""
    cache = make_cache(stack, lasting.index_url, search_upstream=True)
    lasting.have(Crate(STORED, package={"description": "Stored here"}))
    assert cache.registry.download(STORED).status == 200
    assert cache.keeps(f"{STORED} 1.0.0")
    return cache


@pytest.fixture
def text() -> str:
    """Words that nobody has searched for."""
    return f"w{secrets.token_hex(4)} x{secrets.token_hex(2)}"


def search(registry: Registry, text: str, **parameters: Any) -> dict[str, Any]:
    """Search, and return the response."""
    query = "".join(f"&{name}={value}" for name, value in parameters.items())
    answer = registry.get(f"api/v1/crates?q={quote(text)}{query}")
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json()
    return found


def names(registry: Registry, text: str, **parameters: Any) -> list[str]:
    """Search, and return the names of the crates."""
    return [one["name"] for one in search(registry, text, **parameters)["crates"]]


def test_hits_of_the_upstream_follow_those_that_are_stored(
    upstream: SparseUpstream, searching: Cache, text: str
) -> None:
    """Each crate once, as it is stored if it is; the others name the upstream that has them."""
    upstream.find(text, OTHER, {"name": STORED.upper(), "max_version": "9.0.0"})
    found = search(searching.registry, text)
    assert [one["name"] for one in found["crates"]] == [OTHER]
    assert found["meta"]["total"] == 1
    upstream.find("zebra", STORED, OTHER)
    stored, other = search(searching.registry, "zebra")["crates"]
    remote = searching.rest.get(searching.remote)["name"]
    assert (stored["name"], stored["stored"], stored["upstream"]) == (STORED, True, remote)
    assert (other["name"], other["stored"], other["upstream"]) == (OTHER, False, remote)
    assert (other["max_version"], other["description"]) == ("1.0.0", "From the upstream.")
    assert (other["created_at"], other["num_versions"]) == (None, None)


def test_upstream_is_asked_as_cargo_asks(
    upstream: SparseUpstream, searching: Cache, text: str
) -> None:
    """With our User-Agent, and once for all who search for the same within a minute."""
    upstream.find(text, OTHER)
    for _ in range(3):
        assert names(searching.registry, f"  {text} ") == [OTHER]
    (asked,) = [one for one in upstream.asked if one.path.startswith(SEARCH)]
    assert asked.path == search_path(text)
    assert asked.headers["user-agent"].startswith("pulp_cargo/")
    assert "authorization" not in asked.headers


def test_name_itself_comes_first(upstream: SparseUpstream, searching: Cache, text: str) -> None:
    """Also if only the upstream has it; pages go through all hits."""
    name = text.replace(" ", "-")
    upstream.find(name, OTHER, name, "third-one")
    found = search(searching.registry, name)
    assert [one["name"] for one in found["crates"]] == [name, OTHER, "third-one"]
    assert [one["exact_match"] for one in found["crates"]] == [True, False, False]
    pages = [search(searching.registry, name, per_page=1, page=page) for page in (1, 2, 3, 4)]
    assert [one["name"] for page in pages for one in page["crates"]] == [name, OTHER, "third-one"]
    assert {page["meta"]["total"] for page in pages} == {3}


def test_pages_go_over_from_what_is_stored(upstream: SparseUpstream, searching: Cache) -> None:
    """In the middle of one, too."""
    upstream.find("stored", "stored-a", STORED, "stored-b", "stored-c")
    listed = [STORED, "stored-a", "stored-b", "stored-c"]
    assert names(searching.registry, "stored") == listed
    for size in (1, 2, 3):
        pages = (names(searching.registry, "stored", per_page=size, page=n) for n in range(1, 5))
        assert [name for page in pages for name in page] == listed


@pytest.mark.parametrize(
    "more", ["sort=alphabetical", "keyword=a", "category=a", "letter=z", "ids[]=a", "q="]
)
def test_other_searches_are_not_sent(
    upstream: SparseUpstream, searching: Cache, text: str, more: str
) -> None:
    """An upstream has other filters, and an order that cannot be merged with ours."""
    searching.registry.get(f"api/v1/crates?q={quote(text)}&{more}")
    assert upstream.searches == []


def test_cache_without_the_switch_asks_nobody(
    upstream: SparseUpstream, cache_of: CacheOf, text: str
) -> None:
    """Words that people search for leave this Pulp only if an administrator wants it."""
    cache = cache_of(upstream)
    assert names(cache.registry, text) == []
    assert upstream.searches == []
    upstream.find(text, OTHER)
    cache.change(search_upstream=True)
    assert wait_for(lambda: names(cache.registry, text) == [OTHER])
    cache.change(search_upstream=False)
    assert wait_for(lambda: names(cache.registry, text) == [])


def test_upstream_gets_one_search_a_second(upstream: SparseUpstream, cache_of: CacheOf) -> None:
    """From the content app and the API together, whoever searches for whatever."""
    cache = cache_of(upstream, search_upstream=True)
    texts = [f"w{secrets.token_hex(4)}" for _ in range(4)]
    for one in texts:
        upstream.find(one, OTHER)
    begun = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        by_api = pool.submit(
            cache.rest.get, f"{cache.registry.href}search/", q=texts[3], per_page=1
        )
        found = list(pool.map(lambda one: names(cache.registry, one), texts[:3]))
        assert by_api.result()["results"][0]["name"] == OTHER
    assert found == [[OTHER]] * 3
    assert time.monotonic() - begun >= 3
    assert sorted(upstream.searches) == sorted(texts)


def test_rest_api_finds_the_same(upstream: SparseUpstream, searching: Cache, text: str) -> None:
    """With the fields that say where a crate is from."""
    upstream.find(text, OTHER)
    found = searching.rest.get(f"{searching.registry.href}search/", q=text)
    assert found["count"] == 1
    (crate,) = found["results"]
    assert (crate["name"], crate["stored"], crate["created_at"]) == (OTHER, False, None)


def test_cache_without_a_repository_finds_what_the_upstream_has(
    stack: Stack, upstream: SparseUpstream, searching: Cache, text: str
) -> None:
    """It stores nothing, so it has no catalog."""
    name = unique("streaming")
    fields = {"name": name, "base_path": name, "remote": searching.remote}
    made = stack.rest.need(DISTRIBUTIONS, **fields)
    registry = Registry(name, made["base_url"], None, made["pulp_href"])
    upstream.find(text, OTHER, STORED)
    assert names(registry, text) == [OTHER, STORED]
    assert stack.rest.get(f"{registry.href}search/", q=text)["count"] == 2


def test_cargo_finds_what_the_upstream_has(
    upstream: SparseUpstream, searching: Cache, tmp_path: Path, text: str
) -> None:
    """It prints name, version and description."""
    upstream.find(text, OTHER)
    cargo = Cargo(tmp_path / "home", {"mine": searching.registry}).configure()
    found = cargo.run("search", text, "--registry=mine")
    assert f'{OTHER} = "1.0.0"' in found and "# From the upstream." in found


@pytest.mark.faults
@pytest.mark.parametrize(
    "fault",
    [
        broken.says(500),
        broken.says(404),
        broken.says(429, Retry_After="1"),
        broken.says(204),
        broken.hang,
        broken.hang_in_body,
        broken.reset,
        broken.endless,
        broken.no_http,
        broken.not_modified,
        broken.page_for_people,
        broken.cut_off,
        broken.cut_off_unannounced,
        broken.gzip_bomb,
        broken.other_encoding,
        broken.redirects_for_ever,
        broken.redirects_to("http://169.254.169.254"),
        broken.redirects_to("file://"),
    ],
    ids=lambda fault: fault.__name__,
)
def test_failing_upstream_costs_its_hits_alone(
    upstream: SparseUpstream, cache_of: CacheOf, name: str, text: str, fault: Any
) -> None:
    """What is stored is found within the time that a search waits, and index files are served."""
    upstream.have(Crate(name, package={"description": text}))
    cache = cache_of(upstream, search_upstream=True)
    assert cache.registry.download(name).status == 200
    assert cache.keeps(f"{name} 1.0.0")
    upstream.find(text, OTHER)
    upstream.faults[search_path(text)] = fault
    begun = time.monotonic()
    assert names(cache.registry, text) == [name]
    assert time.monotonic() - begun < 8
    assert cache.registry.index_file(name).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"crates":{}}',
        b'{"crates":[null,1,[],{},"serde"]}',
        b'{"crates":[{"name":"serde","max_version":[]}]}',
        b'{"crates":[{"name":"../serde","max_version":"1.0.0"}]}',
        b'{"crates":[{"name":"serde","max_version":"1.0.0","description":"\\u0000"}]}',
        b'{"errors":[{"detail":"no"}]}',
        b'{"crates":[]}'.ljust(1024 * 1024 + 1),
    ],
    ids=lambda body: body[:40].decode(),
)
def test_nonsense_costs_its_hits_alone(
    upstream: SparseUpstream, searching: Cache, text: str, body: bytes
) -> None:
    """A response with status 200 of which nothing can be shown."""
    upstream.pages[search_path(text)] = Page(body)
    assert names(searching.registry, text) == []
    assert upstream.searches == [text]


@pytest.mark.parametrize("text", ["%", "_", "☃", "é'\"<>", "a/../b", "#?&=+", "::", "-", "1"])
def test_text_that_is_no_name_is_sent_as_it_is(
    upstream: SparseUpstream, searching: Cache, text: str
) -> None:
    """Percent-encoded, as one parameter."""
    upstream.find(text, OTHER)
    assert OTHER in names(searching.registry, text)
    assert upstream.searches == [text]


def test_redirect_is_followed_without_the_token(
    upstream: SparseUpstream, elsewhere: SparseUpstream, cache_of: CacheOf, text: str
) -> None:
    """It may lead to another host, whose response is as good."""
    cache = cache_of(upstream, search_upstream=True, token="Bearer theirs")
    upstream.faults[search_path(text)] = broken.redirects_to(elsewhere.origin)
    elsewhere.find(text, OTHER)
    assert names(cache.registry, text) == [OTHER]
    (first,) = [one for one in upstream.asked if one.path == search_path(text)]
    (second,) = elsewhere.asked
    assert first.headers["authorization"] == "Bearer theirs"
    assert "authorization" not in second.headers
    assert second.headers["user-agent"].startswith("pulp_cargo/")


@pytest.mark.faults
def test_redirect_to_http_is_not_believed(
    secure: SparseUpstream,
    upstream: SparseUpstream,
    certificate: Certificate,
    cache_of: CacheOf,
    text: str,
) -> None:
    """Nor a web API at an http URL, if the registry has an https one."""
    cache = cache_of(secure, ca_cert=certificate.text, search_upstream=True)
    upstream.find(text, OTHER)
    secure.faults[search_path(text)] = broken.redirects_to(upstream.origin)
    assert names(cache.registry, text) == []
    assert secure.searches == upstream.searches == [text]


@pytest.mark.faults
def test_broken_web_api_does_not_affect_the_index(
    upstream: SparseUpstream, cache_of: CacheOf, name: str
) -> None:
    """It has a circuit breaker of its own, which stops the searches."""
    upstream.have(Crate(name))
    cache = cache_of(upstream, search_upstream=True)
    for number in range(5):
        one = f"w{number}{secrets.token_hex(4)}"
        upstream.faults[search_path(one)] = broken.says(500)
        assert names(cache.registry, one) == []
    assert len(upstream.searches) == 3
    assert cache.registry.index_file(name).status == 200
    assert cache.registry.download(name).status == 200


@pytest.mark.faults
@pytest.mark.parametrize(
    "api", ["http://169.254.169.254", "http://[::ffff:169.254.169.254]", None, "x"]
)
def test_web_api_that_must_not_be_asked(
    upstream: SparseUpstream, cache_of: CacheOf, name: str, api: str | None
) -> None:
    """The rules for addresses are those for files; a registry need not have a web API."""
    upstream.have(Crate(name))
    upstream.configure(api=api)
    cache = cache_of(upstream, search_upstream=True)
    begun = time.monotonic()
    assert names(cache.registry, name) == []
    assert time.monotonic() - begun < 3
    assert cache.registry.download(name).status == 200


def test_token_is_sent_where_it_is_required(
    upstream: SparseUpstream, elsewhere: SparseUpstream, cache_of: CacheOf, text: str
) -> None:
    """On another host than the index only if the registry requires it for everything."""
    elsewhere.find(text, OTHER)
    for required in (False, True):
        upstream.configure(api=elsewhere.origin, auth_required=required)
        cache = cache_of(upstream, search_upstream=True, token="Bearer theirs")
        assert names(cache.registry, text) == [OTHER]
    tokens = [one.headers.get("authorization") for one in elsewhere.asked]
    assert tokens == [None, "Bearer theirs"]


def test_crate_policies_apply(
    stack: Stack, upstream: SparseUpstream, cache_of: CacheOf, name: str, text: str
) -> None:
    """A blocked crate is not shown, nor a version that is known to be refused."""
    versions = {"max_version": "2.0.0", "max_stable_version": "2.0.0", "newest_version": "1.9.0"}
    upstream.find(text, OTHER, {"name": "zebra-versions", **versions}, "zebra-blocked")
    block = [{"crate": "zebra-blocked"}, {"crate": "zebra-versions", "versions": ">=2"}]
    policy = stack.rest.need(POLICIES, name=name, block=block)
    cache = cache_of(upstream, search_upstream=True, crate_policy=policy["pulp_href"])
    found = search(cache.registry, text)["crates"]
    assert [(one["name"], one["max_version"]) for one in found] == [
        (OTHER, "1.0.0"),
        ("zebra-versions", "1.9.0"),
    ]
