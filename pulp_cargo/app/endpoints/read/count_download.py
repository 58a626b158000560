"""Which responses are downloads, and counting them.

A download is counted once, by the response with the first byte of the file or a redirect to it. A
HEAD, a 304, or the continuation of a download is none.
"""

from functools import partial

from aiohttp import web
from django.conf import settings

from pulpcore.plugin.content import ArtifactResponse

from pulp_cargo.app.endpoints.http.client_timeout import FileWithTimeout
from pulp_cargo.app.endpoints.process import PROCESS
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.statistics.download_counts import Download

FROM_START = "bytes=0-"
# Headers by which a file on disk may become a 304.
CONDITIONS = ("If-None-Match", "If-Modified-Since")


def countable(registry: Registry, name: str, vers: str) -> Download | None:
    """Return what to count for a served version, None if downloads are not counted."""
    return Download(str(registry.pk), name, vers) if settings.CARGO_COUNT_DOWNLOADS else None


def count(request: web.Request, response: web.StreamResponse, download: Download | None) -> None:
    """Count a response if it is a download; a file on disk when it has been sent."""
    if download is None or request.method != "GET":
        return
    if isinstance(response, FileWithTimeout):
        response.when_sent = partial(_count_sent, request, response, download)
    elif _is_undecided(response):
        if _has_first_byte(request) and not any(name in request.headers for name in CONDITIONS):
            request.app[PROCESS].counts.note(download)
    else:
        _count_sent(request, response, download)


def _count_sent(request: web.Request, response: web.StreamResponse, download: Download) -> None:
    match response.status:
        case 200:
            is_download = True
        case 206:
            is_download = response.headers.get("Content-Range", "").startswith("bytes 0-")
        case 302:
            is_download = _has_first_byte(request)
        case _:
            is_download = False
    if is_download:
        request.app[PROCESS].counts.note(download)


def _has_first_byte(request: web.Request) -> bool:
    return request.headers.get("Range", FROM_START).startswith(FROM_START)


def _is_undecided(response: web.StreamResponse) -> bool:
    """Whether a response of core's gets its status when it is sent, by the headers of the request."""
    return isinstance(response, web.FileResponse | ArtifactResponse) and not response.prepared
