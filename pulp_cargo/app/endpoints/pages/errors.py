"""Errors as pages, for browsers; programs get them as JSON (`endpoints/http/errors`)."""

from http import HTTPStatus

from aiohttp import web

from pulp_cargo.app.endpoints.http.errors import error_response
from pulp_cargo.app.endpoints.pages.render import SAFE, base_of, render
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.protocol.errors import NotAuthenticated, RegistryError

# Browsers ask for user and password, and send them with later requests below the same path. A token
# can stand as the password.
CHALLENGE = 'Basic realm="Cargo registry", charset="UTF-8"'


def error_page(error: RegistryError, registry: Registry | None) -> web.Response:
    """Return the page for an error, with the status and the headers that programs get."""
    response = error_response(error)
    response.body = render(
        "error.html",
        base=None if registry is None else base_of(registry),
        title=HTTPStatus(error.status).phrase.capitalize(),
        sentence=str(error),
        login_url=registry.urls.login if registry and error.status == 401 else None,
    ).encode("utf-8", "replace")
    response.content_type = "text/html"
    response.charset = "utf-8"
    response.headers.update(SAFE)
    response.headers["Vary"] = "Accept, Authorization"
    if isinstance(error, NotAuthenticated):
        response.headers["WWW-Authenticate"] = CHALLENGE
    return response
