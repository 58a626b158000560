"""The page that shows a load balancer or a monitor whether this content process can work.

It probes PostgreSQL with a separate connection, so that a database that hangs delays no other
request, and at most once a second, so that requests for this page cannot overload the database.
"""

import json

from aiohttp import web

from pulp_cargo.app.endpoints.http.browser import is_browser
from pulp_cargo.app.endpoints.http.errors import error_response
from pulp_cargo.app.endpoints.pages.errors import error_page
from pulp_cargo.app.endpoints.pages.registries import get_registries
from pulp_cargo.app.endpoints.process import PROCESS
from pulp_cargo.protocol.errors import MethodNotAllowed, RegistryError

METHODS = ("GET", "HEAD")

# By whether PostgreSQL answers, and whether its messages about changes arrive.
STATUSES = {
    (True, True): "ok",
    (True, False): "degraded",
    (False, True): "unavailable",
    (False, False): "unavailable",
}


async def get_health(request: web.Request) -> web.Response:
    """`GET` of the root above all registries: 200 while they can be used, else 503.

    A browser gets the list of public registries instead, while PostgreSQL answers.
    """
    if request.method not in METHODS:
        return error_response(MethodNotAllowed(request.method, request.path, METHODS))
    process = request.app[PROCESS]
    reachable, listening = await process.database.answers(), process.memory.listening
    if reachable and is_browser(request):
        try:
            return await get_registries(request)
        except RegistryError as error:
            return error_page(error, None)
    state = {
        "status": STATUSES[reachable, listening],
        "database": reachable,
        "listening": listening,
    }
    return web.Response(
        status=200 if reachable else 503,
        body=json.dumps(state).encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store", "Vary": "Accept"},
    )
