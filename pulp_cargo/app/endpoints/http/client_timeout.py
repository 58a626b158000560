"""How long a client may take for what it asked for.

One that stops reading, and stays, would hold a file, a connection or a place among a few for ever.
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

# How much is given at a time, in bytes.
BYTES_AT_ONCE = 64 * 1024
# A client of cargo on a bad line takes more than this, in bytes a second.
SLOWEST = 4096


@dataclass(slots=True)
class SlowClient:
    """Counts how long a client lets us wait; `slowest` are the bytes a second that it has to take."""

    slowest: int = SLOWEST
    waited: float = 0.0
    sent: int = 0

    async def write(self, send: Callable[[bytes], Awaitable[None]], data: bytes) -> None:
        """Send data as the client takes it; raises TimeoutError when it does not."""
        for start in range(0, len(data), BYTES_AT_ONCE):
            piece = data[start : start + BYTES_AT_ONCE]
            async with self._waiting():
                await send(piece)
            self.sent += len(piece)

    async def write_eof(self, response: web.StreamResponse) -> None:
        """Send what is still in buffers; raises TimeoutError when the client does not take it."""
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
    """Have the system end a connection whose other end takes nothing for too long, where it can.

    That holds for all that is sent on it, also by others than us.
    """
    if request.transport is None or not hasattr(socket, "TCP_USER_TIMEOUT"):
        return
    connection = request.transport.get_extra_info("socket")
    # A front may be connected by a Unix socket, and has limits of its own.
    if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        limit = int(timeouts.CLIENT_PAUSE_SECONDS * 1000)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit)


class PatientFile(web.FileResponse):
    """A file on disk, for a client that takes it in a time that suits its size."""

    def __init__(self, path: str, size: int, headers: Mapping[str, str]) -> None:
        super().__init__(path, headers=headers)
        self._seconds = timeouts.CLIENT_PAUSE_SECONDS + size / SLOWEST
        # Called when all has been sent; the status is known by then.
        self.when_sent: Callable[[], None] | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send headers and bytes; cuts off a client that takes too long for them."""
        try:
            async with asyncio.timeout(self._seconds):
                writer = await super().prepare(request)
        except TimeoutError as error:
            cut_off(request)
            raise ConnectionAbortedError from error
        if self.when_sent is not None:
            self.when_sent()
        return writer
