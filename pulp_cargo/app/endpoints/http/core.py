"""The names we need from pulpcore's content app that its plugin API does not offer.

They stand apart from `models/core`, since importing them starts the content app.
"""

from collections.abc import Mapping

from aiohttp import web
from django.db import connection

from pulpcore.app.util import get_worker_name
from pulpcore.content.authentication import authenticate
from pulpcore.metrics import init_otel_meter
from pulpcore.plugin.content import Handler
from pulpcore.plugin.models import ContentArtifact

__all__ = [
    "answer_with_artifact",
    "authenticate",
    "get_worker_name",
    "init_otel_meter",
    "leave_bodies_packed",
    "replace_stale_connection",
    "serve_artifact",
    "stream_from_remotes",
]


def leave_bodies_packed(app: web.Application) -> None:
    """Let aiohttp's parser not unpack the bodies of requests; it has an option for that.

    Pulp starts the server without a way to hand it options, so they are put where the application
    keeps them.
    """
    app._handler_args = {**(app._handler_args or {}), "auto_decompress": False}


def answer_with_artifact(
    place: ContentArtifact, headers: Mapping[str, str], request: web.Request
) -> web.StreamResponse:
    """Return the answer that has a file's bytes, or sends the client to the storage for them.

    Core writes headers of its own into those that it is given, so it gets a copy.
    """
    return Handler()._build_response_from_content_artifact(place, dict(headers), request)


async def serve_artifact(
    place: ContentArtifact, headers: Mapping[str, str], request: web.Request
) -> web.StreamResponse:
    """Return what `answer_with_artifact` does, or the part of a file that the request asks for."""
    return await Handler()._serve_content_artifact(place, dict(headers), request)


async def stream_from_remotes(
    place: ContentArtifact, response: web.StreamResponse, request: web.Request
) -> web.StreamResponse:
    """Send a file that only remotes have, from the first of them that has it, and store it."""
    return await Handler()._stream_content_artifact(request, response, place)


def replace_stale_connection() -> None:
    """Close this thread's connection to the database if it is broken, so that the next one is new."""
    connection.close_if_unusable_or_obsolete()
