"""The page that tells a load balancer or a monitor whether this content process can work.

It asks PostgreSQL on a connection of its own, so that a database that hangs makes nobody wait but
the probe itself; and once a second at most, so that nobody can keep it busy.
"""

import asyncio
import json
import time

import psycopg
from aiohttp import web

from pulp_cargo.app.endpoints.http.browser import is_browser
from pulp_cargo.app.endpoints.http.errors import error_response
from pulp_cargo.app.endpoints.memory.listener import parameters
from pulp_cargo.app.endpoints.memory.memory import memory
from pulp_cargo.app.pages.registries import get_registries
from pulp_cargo.app.runtime import timeouts
from pulp_cargo.protocol.errors import MethodNotAllowed

METHODS = ("GET", "HEAD")

# By whether PostgreSQL answers, and whether it tells us of changes.
STATUSES = {
    (True, True): "ok",
    (True, False): "degraded",
    (False, True): "unavailable",
    (False, False): "unavailable",
}


class Database:
    """Whether PostgreSQL answers, asked by one probe for all that come meanwhile."""

    def __init__(self) -> None:
        self._answers = False
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def answers(self) -> bool:
        """Ask, unless that was done a moment ago."""
        async with self._asking:
            if time.monotonic() >= self._until:
                self._answers = await _ask()
                self._until = time.monotonic() + timeouts.HEALTH_FRESH_SECONDS
            return self._answers


async def _ask() -> bool:
    try:
        async with asyncio.timeout(timeouts.HEALTH_DATABASE_TIMEOUT_SECONDS):
            connection = await psycopg.AsyncConnection.connect(**parameters(), autocommit=True)
            async with connection:
                await connection.execute("SELECT 1")
    except (TimeoutError, OSError, psycopg.Error):
        return False
    return True


database = Database()


async def get_health(request: web.Request) -> web.Response:
    """`GET` of the root above all registries: 200 while they can be used, else 503.

    A browser gets the list of public registries instead, while PostgreSQL answers.
    """
    if request.method not in METHODS:
        return error_response(MethodNotAllowed(request.method, request.path, METHODS))
    reachable = await database.answers()
    if reachable and is_browser(request):
        return await get_registries(request)
    said = {
        "status": STATUSES[reachable, memory.listening],
        "database": reachable,
        "listening": memory.listening,
    }
    return web.Response(
        status=200 if reachable else 503,
        body=json.dumps(said).encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store", "Vary": "Accept"},
    )
