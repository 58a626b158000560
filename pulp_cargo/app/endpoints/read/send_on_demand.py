"""Sending .crate files that a sync with the policy `on_demand` has left with the upstream registry.

Core's content handler fetches them with the remote and forwards the bytes as they arrive
(`models/connecting` compares them with the checksum in the index line). It stores them unless the
policy is `streamed`, or the disk has no room.
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
from pulp_cargo.app.queries.crates.crate_file import OnDemandFile
from pulp_cargo.protocol.unavailable import UpstreamFailed

log = logging.getLogger(__name__)

# The headers that core sets for the range of a file; all others are ours.
ABOUT_PARTS = ("Content-Range", "Content-Length")


class PassedOn(web.StreamResponse):
    """A response with our own headers instead of those of the upstream registry.

    Its caching rules and cookies are not meant for our clients.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(headers=headers)
        self._own_headers = dict(headers)
        self._client = SlowClient()

    async def write(self, data: bytes) -> None:
        """Send data; raises ConnectionAbortedError for a client that receives it too slowly."""
        try:
            await self._client.write(super().write, data)
        except TimeoutError as error:
            # On a TimeoutError, core would request the file from the upstream again.
            raise ConnectionAbortedError("the client reads nothing") from error

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the headers; raises ConnectionAbortedError if a download restarts in mid-response."""
        if self.prepared:
            raise ConnectionAbortedError("the upstream registry closed the connection")
        ranges = {name: self.headers[name] for name in ABOUT_PARTS if name in self.headers}
        self.headers.clear()
        self.headers.update(self._own_headers | (ranges if self.status == 206 else {}))
        return await super().prepare(request)


async def send_on_demand(
    cargo: CargoRequest, file: OnDemandFile, name: str, vers: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send a file from its upstream; raises UpstreamFailed if it cannot be fetched."""
    response = PassedOn({**headers, "ETag": f'"{file.cksum}"'})
    try:
        return await _stream(cargo, file, response)
    except (web.HTTPRedirection, web.HTTPRequestRangeNotSatisfiable):
        raise
    except Exception as error:
        # Any error: core's handler raises those of aiohttp, of the storage and of the database.
        log.warning(
            "The file of `%s %s` could not be fetched from the upstream: %r", name, vers, error
        )
        if response.prepared:
            # The client must notice that the file is incomplete; cargo tries again.
            cut_off(cargo.http)
            raise ConnectionAbortedError from error
        raise UpstreamFailed(name, vers) from error


async def _stream(
    cargo: CargoRequest, file: OnDemandFile, response: PassedOn
) -> web.StreamResponse:
    # This is otherwise done by core's middlewares, which our routes bypass.
    set_guid(generate_guid())
    await sync_to_async(replace_stale_connection)()
    with with_domain(cargo.registry.domain):
        place = await ContentArtifact.objects.select_related("artifact").aget(
            pk=file.content_artifact
        )
        if place.artifact is not None:
            # Another request for the same file has just stored it.
            return await serve_artifact(place, response.headers, cargo.http)
        has_room = cargo.process.services.disk.has_room()
        return await stream_from_remotes(place, response, cargo.http, may_store=has_room)
