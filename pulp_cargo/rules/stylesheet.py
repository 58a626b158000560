"""The stylesheet of all web pages, which the API app and the content app both serve.

It is served by a view and not as a static file, since an installation may omit `collectstatic`.
"""

from functools import cache
from pathlib import Path

from pulp_cargo.protocol.index_file import strong_etag

FILE = Path(__file__).with_name("style.css")
# Neither scripts nor inline styles, and no resources of other sites.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)


@cache
def stylesheet() -> bytes:
    """Return the stylesheet."""
    return FILE.read_bytes()


@cache
def stylesheet_etag() -> str:
    """Return its ETag, with which browsers revalidate it."""
    return strong_etag(stylesheet())


def stylesheet_version() -> str:
    """Return a short text that changes with the stylesheet, for a URL that can be cached for ever."""
    return stylesheet_etag().strip('"')[:16]
