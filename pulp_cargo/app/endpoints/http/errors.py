"""Errors as the JSON that cargo shows (Cargo Book, Registry Web API)."""

import logging

from aiohttp import web
from django.db import InterfaceError, OperationalError
from psycopg.errors import DiskFull

from pulp_cargo.protocol.api import errors_body
from pulp_cargo.protocol.auth import challenge
from pulp_cargo.protocol.errors import MethodNotAllowed, NotAuthenticated, RegistryError
from pulp_cargo.protocol.unavailable import ServiceUnavailable, StorageFull, Unavailable

log = logging.getLogger(__name__)


def error_response(error: RegistryError, login_url: str | None = None) -> web.Response:
    """Return the response for an error; a 401 has the URL where tokens are issued."""
    response = web.Response(
        status=error.status,
        body=errors_body([str(error)]),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
    if isinstance(error, NotAuthenticated) and login_url:
        response.headers["WWW-Authenticate"] = challenge(login_url)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def http_error_response(error: web.HTTPException) -> web.Response:
    """Return an error of aiohttp as JSON, with its Content-Range."""
    content_range = {
        name: value for name, value in error.headers.items() if name == "Content-Range"
    }
    return web.Response(
        status=error.status,
        body=errors_body([error.reason]),
        content_type="application/json",
        headers={"Cache-Control": "no-store", **content_range},
    )


def as_registry_error(error: Exception) -> RegistryError | None:
    """Return the error to send for an exception, None if the client is gone."""
    if isinstance(error, RegistryError):
        return error
    if isinstance(error, ConnectionError):
        return None
    if isinstance(error.__cause__, DiskFull):
        log.error("The disk of the database is full: %s", error)
        return StorageFull()
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("The database did not respond: %s", error)
        return ServiceUnavailable(
            "the registry's database did not respond; if this was a publish, check whether the"
            " version exists before you try again"
        )
    log.error("A request failed.", exc_info=error)
    return _Failure("an internal error occurred in the registry; its log has the details")


class _Failure(RegistryError):
    """An internal error, without any details that clients should not see."""

    status = 500
