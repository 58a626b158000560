"""The names of pulpcore's content app that we need and that its plugin API does not have.

They are separate from `models/core`, because importing them starts the content app.
"""

from collections.abc import Mapping
from typing import Any

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
    """Set the option of aiohttp's parser not to decompress the bodies of requests.

    Pulp starts the server without a way to pass options, so this sets the application's own.
    """
    app._handler_args = {**(app._handler_args or {}), "auto_decompress": False}


def answer_with_artifact(
    place: ContentArtifact, headers: Mapping[str, str], request: web.Request
) -> web.StreamResponse:
    """Return the response with a file's bytes, or a redirect to the storage.

    Core adds headers to the mapping that it is given, so it gets a copy.
    """
    return Handler()._build_response_from_content_artifact(place, dict(headers), request)


async def serve_artifact(
    place: ContentArtifact, headers: Mapping[str, str], request: web.Request
) -> web.StreamResponse:
    """Return the same as `answer_with_artifact`, or the requested range of a file."""
    return await Handler()._serve_content_artifact(place, dict(headers), request)


class _PassingHandler(Handler):
    """Stores no file that it sends, whatever the policy of its remote."""

    async def _stream_remote_artifact(
        self, request: Any, response: Any, remote_artifact: Any, save_artifact: bool, **kwargs: Any
    ) -> web.StreamResponse:
        return await super()._stream_remote_artifact(
            request, response, remote_artifact, save_artifact=False, **kwargs
        )


async def stream_from_remotes(
    place: ContentArtifact,
    response: web.StreamResponse,
    request: web.Request,
    *,
    may_store: bool,
) -> web.StreamResponse:
    """Send a file from the first remote that has it, and store it if the policy says so."""
    handler = Handler() if may_store else _PassingHandler()
    return await handler._stream_content_artifact(request, response, place)


def replace_stale_connection() -> None:
    """Close this thread's database connection if it is broken, so that Django opens a new one."""
    connection.close_if_unusable_or_obsolete()
