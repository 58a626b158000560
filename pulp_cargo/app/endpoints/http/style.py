"""The stylesheet of the web pages: below each registry, and above all of them."""

from aiohttp import web

from pulp_cargo.app.endpoints.http.responses import not_modified
from pulp_cargo.rules.stylesheet import stylesheet, stylesheet_etag, stylesheet_version


async def get_root_style(request: web.Request) -> web.Response:
    """Return the stylesheet for pages that belong to no registry."""
    return style_response(request)


def style_response(request: web.Request) -> web.Response:
    """Return the stylesheet, which may be cached for ever at a URL with its version."""
    has_version = request.query.get("v") == stylesheet_version()
    lifetime = "public, max-age=31536000, immutable" if has_version else "no-cache"
    headers = {"ETag": stylesheet_etag(), "Cache-Control": lifetime}
    if same := not_modified(request, stylesheet_etag(), headers):
        return same
    headers["X-Content-Type-Options"] = "nosniff"
    return web.Response(
        body=stylesheet(), content_type="text/css", charset="utf-8", headers=headers
    )
