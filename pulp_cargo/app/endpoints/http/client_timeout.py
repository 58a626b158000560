"""Limits on how slowly a client may receive a response.

A client that stops reading would otherwise hold a file, a connection or a limited slot forever.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from pulp_cargo.app.endpoints.http.responses import cut_off
from pulp_cargo.app.runtime import timeouts

# Size of the chunks that are sent, in bytes.
BYTES_AT_ONCE = 64 * 1024
# The minimum rate in bytes per second; cargo on a bad connection is faster.
SLOWEST = 4096


@dataclass(slots=True)
class SlowClient:
    """Measures how long a client delays us; `slowest` is its minimum rate in bytes per second."""

    slowest: int = SLOWEST
    waited: float = 0.0
    sent: int = 0

    async def write(self, send: Callable[[bytes], Awaitable[None]], data: bytes) -> None:
        """Send data; raises TimeoutError for a client that receives it too slowly."""
        for start in range(0, len(data), BYTES_AT_ONCE):
            piece = data[start : start + BYTES_AT_ONCE]
            async with self._waiting():
                await send(piece)
            self.sent += len(piece)

    async def write_eof(self, response: web.StreamResponse) -> None:
        """Flush the buffers; raises TimeoutError for a client that receives them too slowly."""
        async with self._waiting():
            await response.write_eof()

    @asynccontextmanager
    async def _waiting(self) -> AsyncIterator[None]:
        clock = asyncio.get_running_loop().time
        begun = clock()
        allowed = timeouts.CLIENT_PAUSE_SECONDS + self.sent / self.slowest - self.waited
        async with asyncio.timeout(max(0.0, min(timeouts.CLIENT_PAUSE_SECONDS, allowed))):
            yield
        self.waited += clock() - begun


def limit_pauses(request: web.Request) -> None:
    """Let the kernel close a connection whose peer receives nothing for too long, if supported.

    The limit applies to everything that is sent on the connection, not only to our responses.
    """
    if request.transport is None or not hasattr(socket, "TCP_USER_TIMEOUT"):
        return
    connection = request.transport.get_extra_info("socket")
    # A reverse proxy may be connected by a Unix socket, and has its own limits.
    if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        limit = int(timeouts.CLIENT_PAUSE_SECONDS * 1000)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit)


class FileWithTimeout(web.FileResponse):
    """A file on disk, with a time limit that depends on its size."""

    def __init__(self, path: str, size: int, headers: Mapping[str, str]) -> None:
        super().__init__(path, headers=headers)
        self._seconds = timeouts.CLIENT_PAUSE_SECONDS + size / SLOWEST
        # Called when all has been sent; the status is known by then.
        self.when_sent: Callable[[], None] | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send headers and bytes; aborts the connection of a client that is too slow."""
        try:
            async with asyncio.timeout(self._seconds):
                writer = await super().prepare(request)
        except TimeoutError as error:
            cut_off(request)
            raise ConnectionAbortedError from error
        if self.when_sent is not None:
            self.when_sent()
        return writer
