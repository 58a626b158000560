"""Whatever is sent to a registry, the answer is no failure of ours, and an error is cargo's JSON."""

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulp_cargo.tests.support.registry import Answer, Registry

METHODS = ("GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "OPTIONS", "TRACE", "PROPFIND")
PARTS = (
    "config.json", "config.toml", "me", "api", "v1", "crates", "new", "secret", "1.0.0", "yank",
    "unyank", "owners", "download", "se", "cr", "..", ".", "", "%2e%2e", "%2F", "%00", "%ff", "a" * 300,
    "*", "~", "CON", "index", "health", "versions.jsonl", "1.0.0+x", "9" * 40, "ßecret",
)  # fmt: skip
NAMES = (
    "Authorization", "If-None-Match", "If-Modified-Since", "If-Range", "Range", "Accept",
    "Accept-Encoding", "Content-Type", "Content-Encoding", "Expect", "Cookie", "Host",
    "X-Forwarded-Proto", "X-Forwarded-Host", "Cargo-Protocol", "Origin",
)  # fmt: skip
VALUES = (
    "", "*", '"x"', 'W/"x"', "bytes=0-", "bytes=-1", "bytes=5-2", "bytes=0-1,3-4", "bytes=x-y",
    "Bearer", "Bearer x", "Basic", "Basic ???", "gzip", "gzip;q=x", "identity;q=0", "100-continue",
    "Thu, 01 Jan 1970 00:00:00 GMT", "text/plain; charset=nonsense", "a=b; c", ",,,", "\x80\xff",
)  # fmt: skip
PATHS = st.lists(st.sampled_from(PARTS) | st.text("abc-_.~%?&=/:@ü", max_size=8), max_size=6)
HEADERS = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text("ab,;=\"*/ '()", max_size=12)
)
# These are answered by the web server itself, before any registry is looked for.
OF_THE_SERVER = (400, 417)


@pytest.mark.parametrize("kind", ["registry", "private"])
def test_no_request_breaks_a_registry(request: pytest.FixtureRequest, kind: str) -> None:
    """Odd paths, methods and headers, on a public registry and on one that asks for a token."""
    registry: Registry = request.getfixturevalue(kind)
    broken = []

    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(method=st.sampled_from(METHODS), parts=PATHS, headers=HEADERS, known=st.booleans())
    def send(method: str, parts: list[str], headers: dict[str, str], known: bool) -> None:
        if known and registry.token:
            headers = {"Authorization": registry.token} | headers
        answer = _answer(registry, method, "/".join(parts), headers)
        if answer.status >= 500 or not _is_told_right(method, answer):
            broken.append((method, "/".join(parts), headers, answer.status, answer.body[:100]))

    send()
    assert broken == []


def _is_told_right(method: str, answer: Answer) -> bool:
    if answer.status < 400 or method == "HEAD" or answer.status in OF_THE_SERVER:
        return True
    return bool(answer.detail)


def _answer(registry: Registry, method: str, path: str, headers: dict[str, Any]) -> Answer:
    """Send a request as it is, also where a client of HTTP would know better."""
    parts = urlsplit(registry.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        target = parts.path + "".join(c if c.isascii() else f"%{ord(c) & 255:x}" for c in path)
        connection.putrequest(method, target, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders()
        found = connection.getresponse()
        named = {name.lower(): value for name, value in found.getheaders()}
        return Answer(found.status, named, found.read())
    finally:
        connection.close()
