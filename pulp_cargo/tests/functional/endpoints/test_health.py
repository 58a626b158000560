"""The page for probes, above all registries."""

import http.client
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.support.registry import Answer, Registry


def health(registry: Registry, method: str = "GET") -> Answer:
    """Ask without any credential."""
    parts = urlsplit(registry.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(method, "/pulp/cargo/")
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, answer.read())
    finally:
        connection.close()


def test_healthy_process_says_so(registry: Registry):
    """200 with what a monitor wants to know, for nobody to keep; no versions, which help attackers."""
    answer = health(registry)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert said == {"status": "ok", "database": True, "listening": True}


def test_head_is_enough(registry: Registry):
    """The status tells a load balancer all that it needs."""
    answer = health(registry, "HEAD")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_page_is_for_reading(registry: Registry, method: str):
    """Nothing can be changed there, and the answer says what can be done."""
    answer = health(registry, method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.detail == f"the method {method} is not allowed for `/pulp/cargo/`"
