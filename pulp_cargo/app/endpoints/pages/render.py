"""Web pages from templates, and the headers that stop browsers from running anything in them."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import headers_for_readers, not_modified
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.protocol.cargo_config import registry_key
from pulp_cargo.protocol.index_file import strong_etag
from pulp_cargo.rules.hidden_characters import written_out
from pulp_cargo.rules.stylesheet import stylesheet_version

TEMPLATES = Path(__file__).parent / "templates"
# Readmes show images of any site; nothing else is loaded, and nothing runs.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src https: data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
SAFE = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_UNITS = (("year", 365 * 86400), ("month", 30 * 86400), ("day", 86400), ("hour", 3600))


def render(template: str, *, base: str | None, **values: object) -> str:
    """Return a page as HTML; `base` is the path of the URL of its registry, None without one."""
    return (
        environment()
        .get_template(template)
        .render(base=base, style=stylesheet_version(), now=datetime.now(UTC), **values)
    )


def render_of(registry: Registry, template: str, **values: object) -> str:
    """Return a page of a registry as HTML."""
    return render(
        template,
        base=base_of(registry),
        registry=registry,
        key=registry_key(registry.name),
        **values,
    )


def answer(cargo: CargoRequest, page: str, *, depends_on_user: bool = False) -> web.Response:
    """Return the response with a page, a 304 if the browser has it.

    No shared cache may store a page that depends on who reads it.
    """
    body = page.encode("utf-8", "replace")
    etag = strong_etag(body)
    headers = {"ETag": etag, **headers_for_readers(cargo)}
    if depends_on_user:
        headers["Cache-Control"] = "private, no-cache"
        headers.setdefault("Vary", "Authorization")
    if same := not_modified(cargo.http, etag, headers):
        return same
    return web.Response(
        body=body, content_type="text/html", charset="utf-8", headers={**headers, **SAFE}
    )


def base_of(registry: Registry) -> str:
    """Return the path of a registry's URL, with a final slash."""
    return urlsplit(registry.urls.root).path


@cache
def environment() -> Environment:
    """Return the environment of the templates, which escape every value."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "age": age,
        "day": day,
        "in_path": in_path,
        "moment": moment,
        "size": size,
        "web_url": web_url,
        "written_out": written_out,
    }
    made.filters |= filters
    return made


def compile_templates() -> None:
    """Compile all templates, which takes longer than to render a page."""
    for template in environment().list_templates():
        environment().get_template(template)


def in_path(text: str) -> str:
    """Return text for use in the path of a URL, in which slashes separate.

    >>> in_path("1.0.0+a b/c")
    '1.0.0%2Ba%20b/c'
    """
    return quote(text, safe="/")


def web_url(url: str | None) -> str | None:
    """Return a URL of the Web, None for anything else, such as `javascript:`.

    >>> web_url("javascript:alert(1)"), web_url("https://a.example")
    (None, 'https://a.example')
    """
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def size(count: int | None) -> str:
    """Return a number of bytes for people.

    >>> size(999), size(1536), size(5_000_000), size(None)
    ('999 B', '1.5 KiB', '4.8 MiB', 'unknown')
    """
    if count is None:
        return "unknown"
    if count < 1024:
        return f"{count} B"
    unit, value = "KiB", count / 1024
    if value >= 1024:
        unit, value = "MiB", value / 1024
    return f"{value:.1f} {unit}"


def day(when: datetime) -> str:
    """Return a date in UTC.

    >>> day(datetime(2030, 1, 2, 3, tzinfo=UTC))
    '2030-01-02'
    """
    return when.astimezone(UTC).strftime("%Y-%m-%d")


def moment(when: datetime) -> str:
    """Return a time in UTC, to the second, for the attribute `datetime`.

    >>> moment(datetime(2030, 1, 2, 3, tzinfo=UTC))
    '2030-01-02T03:00:00Z'
    """
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age(when: datetime, now: datetime) -> str:
    """Return how long ago something was.

    >>> now = datetime(2030, 1, 3, tzinfo=UTC)
    >>> age(datetime(2030, 1, 1, tzinfo=UTC), now), age(now, now)
    ('2 days ago', 'less than an hour ago')
    """
    seconds = (now - when).total_seconds()
    for unit, length in _UNITS:
        count = int(seconds // length)
        if count > 0:
            return f"{count} {unit}{'s' * (count > 1)} ago"
    return "less than an hour ago"
