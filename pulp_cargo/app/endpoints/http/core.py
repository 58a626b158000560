"""The names we need from pulpcore's content app that its plugin API does not offer.

They stand apart from `models/core`, since importing them starts the content app.
"""

from aiohttp import web

from pulpcore.app.util import get_worker_name
from pulpcore.content.authentication import authenticate
from pulpcore.metrics import init_otel_meter

__all__ = [
    "authenticate",
    "get_worker_name",
    "init_otel_meter",
    "leave_bodies_packed",
]


def leave_bodies_packed(app: web.Application) -> None:
    """Let aiohttp's parser not unpack the bodies of requests; it has an option for that.

    Pulp starts the server without a way to hand it options, so they are put where the application
    keeps them.
    """
    app._handler_args = {**(app._handler_args or {}), "auto_decompress": False}
