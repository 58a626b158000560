"""Telling a person's browser from cargo and other programs."""

from aiohttp import web


def is_browser(request: web.Request) -> bool:
    """Return whether the client asks for HTML by name; programs take anything, or JSON."""
    return request.method in ("GET", "HEAD") and wants_html(request)


def wants_html(request: web.Request) -> bool:
    """Return whether the client asks for HTML by name, with whatever method."""
    if request.headers.get("User-Agent", "").startswith("cargo"):
        return False
    return any(_is_html(one) for one in request.headers.get("Accept", "").lower().split(","))


def _is_html(media_range: str) -> bool:
    kind, *parameters = media_range.replace(" ", "").split(";")
    weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    return kind in ("text/html", "application/xhtml+xml") and weight.strip("0.") != ""
