"""Downloads of .crate files that are still with the upstream registry.

Core's content handler fetches them by the remote: it passes the bytes on as they come, compares
them with the checksum that the index line has, and stores them unless the policy is `streamed`.
"""

import logging
from collections.abc import Mapping

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from asgiref.sync import sync_to_async
from django_guid import set_guid
from django_guid.utils import generate_guid

from pulpcore.plugin.models import ContentArtifact

from pulp_cargo.app.endpoints.http.client_timeout import SlowClient
from pulp_cargo.app.endpoints.http.core import (
    replace_stale_connection,
    serve_artifact,
    stream_from_remotes,
)
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import cut_off
from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.queries.crates.crate_file import UpstreamFile
from pulp_cargo.protocol.unavailable import UpstreamFailed

log = logging.getLogger(__name__)

# What core knows of a part of a file that was asked for; all else is said by us.
ABOUT_PARTS = ("Content-Range", "Content-Length")


class PassedOn(web.StreamResponse):
    """An answer with our own headers, whatever the upstream registry sends with its bytes.

    Its caching rules and cookies are not for our clients.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(headers=headers)
        self._own_headers = dict(headers)
        self._client = SlowClient()

    async def write(self, data: bytes) -> None:
        """Send data; raises ConnectionAbortedError for a client that does not take it."""
        try:
            await self._client.write(super().write, data)
        except TimeoutError as error:
            # Not a timeout to core: it would ask the upstream once more.
            raise ConnectionAbortedError("the client takes nothing") from error

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the headers; refuses to begin anew when the download does, in mid-answer."""
        if self.prepared:
            raise ConnectionAbortedError("the upstream registry broke off")
        kept = {name: self.headers[name] for name in ABOUT_PARTS if name in self.headers}
        self.headers.clear()
        self.headers.update(self._own_headers | (kept if self.status == 206 else {}))
        return await super().prepare(request)


async def send_from_upstream(
    cargo: CargoRequest, file: UpstreamFile, name: str, vers: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send a file from where it is; raises UpstreamFailed if it cannot be had."""
    response = PassedOn({**headers, "ETag": f'"{file.cksum}"'})
    try:
        return await _stream(cargo, file, response)
    except (web.HTTPRedirection, web.HTTPRequestRangeNotSatisfiable):
        raise
    except Exception as error:
        log.warning("The file of `%s %s` did not come from upstream: %r", name, vers, error)
        if response.prepared:
            # Whoever gets a part has to notice, and cargo tries again.
            cut_off(cargo.http)
            raise ConnectionAbortedError from error
        raise UpstreamFailed(name, vers) from error


async def _stream(
    cargo: CargoRequest, file: UpstreamFile, response: PassedOn
) -> web.StreamResponse:
    # Core's middlewares, which are not asked here, would have done these.
    set_guid(generate_guid())
    await sync_to_async(replace_stale_connection)()
    with with_domain(cargo.registry.domain):
        place = await ContentArtifact.objects.select_related("artifact").aget(
            pk=file.content_artifact
        )
        if place.artifact is not None:
            # Somebody else's download of the same file has just ended.
            return await serve_artifact(place, response.headers, cargo.http)
        return await stream_from_remotes(place, response, cargo.http)
