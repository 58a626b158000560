"""How index files travel: validators, compression, connections (Cargo Book, "Sparse Protocol")."""

import gzip
import http.client
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry, index_path
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture
def published(registry: Registry, name: str) -> str:
    """The name of a crate whose index file is worth compressing."""
    registry.publish(Crate(name, features={f"feature-{number}": [] for number in range(40)}))
    return name


def test_etag_in_if_none_match_gives_304(registry: Registry, published: str):
    """Without a body, with the same tag [31]."""
    first = registry.index_file(published)
    etag = first.headers["etag"]
    assert etag.startswith('"') and etag.isascii()
    again = registry.index_file(published, If_None_Match=etag)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    assert again.headers["cache-control"] == first.headers["cache-control"]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("W/{etag}", 304), ('"a", {etag}', 304), ('W/"a" , W/{etag}', 304), ("*", 304),
        (", {etag}", 304), ('"a",,{etag}', 304), ('"a", ,{etag},', 304),
        ('"a"', 200), ('W/"a","b"', 200), ("", 200), ("{bare}", 200), ('"{bare}x"', 200),
        ('"{bare}', 200), ("W/", 200), ('a {etag}', 200), ('"*"', 200), ("\xe9{etag}", 200),
    ],
)  # fmt: skip
def test_if_none_match_is_compared_weakly(
    registry: Registry, published: str, form: str, status: int
):
    """As RFC 9110 has it: lists, with empty elements as well, weak tags, `*` [32]."""
    etag = registry.index_file(published).headers["etag"]
    sent = form.format(etag=etag, bare=etag.strip('"'))
    assert registry.index_file(published, If_None_Match=sent).status == status


def test_if_none_match_of_an_unknown_crate_is_404(registry: Registry, name: str):
    """There is nothing that could match [11, 32]."""
    assert registry.index_file(name, If_None_Match="*").status == 404


@pytest.mark.parametrize(
    "date", ["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", "x"]
)
def test_if_modified_since_never_gives_a_wrong_304(registry: Registry, published: str, date: str):
    """We send no Last-Modified, so the answer is the file [33]."""
    assert registry.index_file(published, If_Modified_Since=date).status == 200


def test_every_change_changes_the_etag(registry: Registry, published: str):
    """Publish, yank and unyank [34]."""
    tags = [registry.index_file(published).headers["etag"]]
    for change in (
        lambda: registry.publish(Crate(published, "1.1.0")),
        lambda: registry.yank(published, "1.1.0"),
        lambda: registry.yank(published, "1.0.0"),
    ):
        change()
        tags.append(registry.index_file(published).headers["etag"])
        assert registry.index_file(published, If_None_Match=tags[-2]).status == 200
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_head_has_the_headers_of_get(registry: Registry, published: str, encoding: str):
    """Only the body is missing [35]."""
    path = index_path(published)
    sent = {"Accept-Encoding": encoding}
    get = registry.request("GET", path, headers=sent)
    head = registry.request("HEAD", path, headers=sent)
    assert head.status == 200 and head.body == b""
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


def test_offer_to_upgrade_is_ignored(registry: Registry, published: str):
    """Cargo offers HTTP/2 on plain connections; it is answered in HTTP/1.1 [36]."""
    offer = {
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": "h2c",
        "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA",
    }
    assert registry.request("GET", index_path(published), headers=offer).status == 200


def test_gzip_only_for_those_who_accept_it(registry: Registry, published: str):
    """The compressed form has its own tag, and both tags are good for a 304 [37]."""
    plain = registry.index_file(published)
    packed = registry.index_file(published, Accept_Encoding="deflate, gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert (
        "Accept-Encoding" in packed.headers["vary"] and "Accept-Encoding" in plain.headers["vary"]
    )
    for accept in ("", "deflate, gzip"):
        for etag in (plain.headers["etag"], packed.headers["etag"]):
            answer = registry.index_file(published, Accept_Encoding=accept, If_None_Match=etag)
            assert answer.status == 304


@pytest.mark.parametrize(
    "accept", ["", "identity", "br", "gzip;q=0", "gzip; q=0.000, identity", "xgzip"]
)
def test_no_gzip_for_those_who_do_not(registry: Registry, published: str, accept: str):
    """A weight of zero is a refusal (RFC 9110, 12.5.3) [37]."""
    answer = registry.index_file(published, Accept_Encoding=accept)
    assert "content-encoding" not in answer.headers


def test_a_hundred_crates_over_two_connections(registry: Registry, name: str):
    """Cargo opens at most two and keeps them [38]."""
    names = [f"{name}-{number}" for number in range(100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(registry.publish, map(Crate, names)))

    def fetch(some: list[str]) -> list[int]:
        connection = http.client.HTTPConnection(urlsplit(registry.url).netloc, timeout=30)
        found = []
        for one in some:
            connection.request("GET", urlsplit(registry.url).path + index_path(one))
            answer = connection.getresponse()
            found.append(answer.status if one.encode() in answer.read() else 0)
        connection.close()
        return found

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(fetch, (names[::2], names[1::2]))) == [[200] * 50] * 2


def test_shared_caches_have_to_ask_again(registry: Registry, published: str, name: str):
    """A publish is visible at once; so nothing, and no 404, may be kept without a question [39]."""
    assert "no-cache" in registry.index_file(published).headers["cache-control"]
    missing = registry.index_file(f"{name}-no")
    assert missing.status == 404
    assert missing.headers["cache-control"] == "no-store"


def test_shared_caches_keep_nothing_private(stack: Stack, name: str):
    """And know that the answer depends on the token [40]."""
    private = stack.make_registry(auth_required=True)
    private.publish(Crate(name))
    answers = [
        private.get("config.json", token=private.token),
        private.index_file(name, token=private.token),
        private.download(name, token=private.token),
    ]
    for answer in answers:
        assert answer.status == 200
        assert "private" in answer.headers["cache-control"]
    assert all("Authorization" in answer.headers["vary"] for answer in answers[:2])
