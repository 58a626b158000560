"""The page above all registries: those that everybody may read, and those of a visitor who signs in.

The session of the account page cannot be used here: it belongs to the API app, which may have another
host, and a page that anybody's crates are on should not depend on it. Browsers sign in by `Basic`, as
for the pages of a private registry. They send such credentials to the paths below the page that has
asked for them: those of a single registry do not get here, but those that are entered here get to all
registries.
"""

from collections.abc import Sequence

from aiohttp import web
from django.conf import settings

from pulp_cargo.app.endpoints.http.visitor import visitor_of
from pulp_cargo.app.endpoints.pages.errors import CHALLENGE
from pulp_cargo.app.endpoints.pages.render import SAFE, render
from pulp_cargo.app.queries.registry.readable_registries import (
    ListedRegistry,
    public_registries,
    registries_of,
)
from pulp_cargo.app.runtime import threads

MOST_REGISTRIES = 500
SIGN_IN = "sign-in"


async def get_registries(request: web.Request) -> web.Response:
    """Return the list of the registries of the URL's domain; without a domain, how to name one."""
    domain = request.match_info.get("pulp_domain")
    if domain is None and not settings.DOMAIN_ENABLED:
        domain = "default"
    visitor = None if domain is None else await visitor_of(request, domain)
    must_sign_in = domain is not None and visitor is None and SIGN_IN in request.query
    public: Sequence[ListedRegistry] = ()
    private: Sequence[ListedRegistry] = ()
    if domain is not None:
        public = await threads.read(public_registries, domain, MOST_REGISTRIES)
    if domain is not None and visitor is not None:
        private = await threads.read(registries_of, visitor, domain, MOST_REGISTRIES)
    body = render(
        "registries.html",
        base=None,
        root=request.path,
        registries=public,
        private=private,
        user=None if visitor is None else visitor.user.get_username(),
        sign_in=f"{request.path}?{SIGN_IN}",
        refused=must_sign_in,
        most=MOST_REGISTRIES,
        needs_domain=domain is None,
    )
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Authorization", **SAFE}
    if must_sign_in:
        headers["WWW-Authenticate"] = CHALLENGE
    return web.Response(
        status=401 if must_sign_in else 200, text=body, content_type="text/html", headers=headers
    )
