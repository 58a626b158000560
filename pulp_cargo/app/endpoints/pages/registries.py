"""The page at the root URL: a list of the public registries."""

from aiohttp import web
from django.conf import settings

from pulp_cargo.app.endpoints.pages.render import SAFE, render
from pulp_cargo.app.queries.registry.public import public_registries
from pulp_cargo.app.runtime import threads

MOST_REGISTRIES = 500


async def get_registries(request: web.Request) -> web.Response:
    """Return the list of public registries of the URL's domain; without a domain, how to name one."""
    domain = request.match_info.get("pulp_domain")
    if domain is None and not settings.DOMAIN_ENABLED:
        domain = "default"
    found = [] if domain is None else await threads.read(public_registries, domain, MOST_REGISTRIES)
    body = render(
        "registries.html",
        base=None,
        root=request.path,
        registries=found,
        has_more=len(found) == MOST_REGISTRIES,
        needs_domain=domain is None,
    )
    headers = {"Cache-Control": "no-store", "Vary": "Accept", **SAFE}
    return web.Response(text=body, content_type="text/html", headers=headers)
