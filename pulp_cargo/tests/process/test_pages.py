"""Pages without a database: what a browser is, how values are shown, where dependencies lead."""

import doctest
import json
from collections.abc import Mapping

import pytest
from aiohttp.test_utils import make_mocked_request

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("headers", "method", "expected"),
    [
        ({"Accept": FIREFOX}, "GET", True),
        ({"Accept": FIREFOX}, "HEAD", True),
        ({"Accept": "TEXT/HTML"}, "GET", True),
        ({"Accept": "application/json, text/html;q=0.1"}, "GET", True),
        ({"Accept": FIREFOX}, "PUT", False),
        ({"Accept": FIREFOX, "User-Agent": "cargo/1.90.0 (abc)"}, "GET", False),
        ({"Accept": "text/html;q=0"}, "GET", False),
        ({"Accept": "text/html; q=0.0"}, "GET", False),
        ({"Accept": "*/*"}, "GET", False),
        ({"Accept": "text/*"}, "GET", False),
        ({"Accept": "application/json"}, "GET", False),
        ({"Accept": ""}, "GET", False),
        ({}, "GET", False),
    ],
)
def test_browser_asks_for_html_by_name(
    headers: Mapping[str, str], method: str, expected: bool
) -> None:
    """Cargo, probes and scripts do not."""
    from pulp_cargo.app.endpoints.http.browser import is_browser

    assert is_browser(make_mocked_request(method, "/", headers=dict(headers))) is expected


def test_form_of_a_browser_asks_for_html() -> None:
    """With any method, but it is no visit."""
    from pulp_cargo.app.endpoints.http.browser import is_browser, wants_html

    for method in ("POST", "PUT", "DELETE"):
        request = make_mocked_request(method, "/", headers={"Accept": FIREFOX})
        assert (wants_html(request), is_browser(request)) == (True, False)
        assert not wants_html(make_mocked_request(method, "/", headers={"Accept": "*/*"}))


def test_examples_of_filters_are_true() -> None:
    """Sizes, dates and URLs for people."""
    from pulp_cargo.app.endpoints.pages import render

    found = doctest.testmod(render)
    assert (found.failed, found.attempted > 4) == (0, True)


def test_templates_escape_every_value() -> None:
    """Also those in attributes."""
    from pulp_cargo.app.endpoints.pages.render import environment

    text = "\"><script>'"
    escaped = "&#34;&gt;&lt;script&gt;&#39;"
    template = environment().from_string('<a title="{{ text }}">{{ text }}</a>')
    assert template.render(text=text) == f'<a title="{escaped}">{escaped}</a>'


def test_dependencies_lead_to_their_registries() -> None:
    """To this registry, to crates.io, or to one that is only named."""
    from pulp_cargo.app.endpoints.pages.dependencies import needs_of
    from pulp_cargo.app.queries.registry.registry import RegistryUrls

    def dep(name: str, registry: str | None, package: str | None = None) -> dict[str, object]:
        kind = {"req": "^1", "features": [], "optional": False, "default_features": True}
        return {"name": name, "registry": registry, "package": package, "kind": None, **kind}

    crates_io = "https://github.com/rust-lang/crates.io-index"
    line = json.dumps(
        {
            "deps": [
                dep("d", crates_io),
                dep("a", None),
                dep("b", "sparse+https://r.example/own/"),
                dep("c", "sparse+https://other.example/"),
                dep("alias", "sparse+https://r.example/own/", package="e"),
            ]
        }
    )
    urls = RegistryUrls("https://r.example/own/", own=("sparse+https://r.example/own/",))
    found = [(one.name, one.alias, one.registry, one.page) for one in needs_of(line, urls)]
    assert found == [
        ("a", None, None, None),
        ("b", None, None, None),
        ("c", None, "sparse+https://other.example/", None),
        ("d", None, "crates.io", "https://crates.io/crates/d"),
        ("e", "alias", None, None),
    ]
    mirror = RegistryUrls("https://r.example/own/", mirrored=(crates_io,))
    assert [one.registry for one in needs_of(line, mirror) if one.name == "d"] == [None]
