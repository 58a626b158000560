"""A small HTTP/1.1 server in a thread, which can send any bytes and disconnect anywhere."""

import asyncio
import socket
import ssl
import struct
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

PATIENCE = 20
NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """A received request; header names are in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """The content of a path; its ETag or Last-Modified is compared with that of requests."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def is_known_by(self, asked: Asked) -> bool:
        """Whether the client has this version."""
        compared = {"ETag": "if-none-match", "Last-Modified": "if-modified-since"}
        pairs = [(self.headers[mine], asked.headers.get(sent)) for mine, sent in compared.items()
                 if mine in self.headers]  # fmt: skip
        return any(mine == sent for mine, sent in pairs)


@dataclass(slots=True)
class Exchange:
    """A request and the connection for its response."""

    asked: Asked
    writer: StreamWriter
    page: Page | None = None

    @property
    def body(self) -> bytes:
        """The body of the usual response."""
        return self.page.body if self.page else b""

    async def usual(self) -> None:
        """Respond as a registry does."""
        if self.page is None:
            self.send(404, b"no such page")
        elif self.page.is_known_by(self.asked):
            self.send(304, headers=self.page.headers)
        else:
            self.send(200, self.page.body, headers=self.page.headers)

    def send(
        self,
        status: int,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] = NONE,
        length: int | None = None,
    ) -> None:
        """Send a response; `length` is the announced one, or none if negative."""
        announced = len(body) if length is None else length
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if status != 304:
            lines.append(f"Content-Length: {announced}" if announced >= 0 else "Connection: close")
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    def close(self) -> None:
        """Close the connection properly."""
        self.writer.close()

    def reset(self) -> None:
        """Close it with RST."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Handler = Callable[[Exchange], Awaitable[None]]


class Listening:
    """The port, which remains bound while connections are refused, and the thread."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.connections = 0
        self._tls = tls
        self._open: set[StreamWriter] = set()
        self._socket = _bound(0)
        self._port = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def start(self, handler: Handler) -> None:
        """Accept connections, and handle each request with the handler."""
        self._run(self._start(handler))

    def stop(self) -> None:
        """Refuse new connections, and close existing ones."""
        self._run(self._stop())

    def end(self) -> None:
        """Stop permanently."""
        self.stop()
        self._run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._socket.close()

    async def _start(self, handler: Handler) -> None:
        async def serve(reader: StreamReader, writer: StreamWriter) -> None:
            self.connections += 1
            self._open.add(writer)
            try:
                await _converse(handler, reader, writer)
            finally:
                self._open.discard(writer)
                writer.close()

        self._server = await asyncio.start_server(
            serve, sock=self._socket, ssl=self._tls, backlog=200
        )

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            # A bound port without a listener refuses connections, and cannot be used by others.
            self._socket = _bound(self._port)
        for writer in list(self._open):
            writer.transport.abort()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)


async def _converse(handler: Handler, reader: StreamReader, writer: StreamWriter) -> None:
    try:
        while not writer.is_closing() and (asked := await _read(reader)):
            await handler(Exchange(asked, writer))
            await writer.drain()
    except (OSError, asyncio.CancelledError):
        # The client may disconnect at any time, and the test may end.
        pass


async def _read(reader: StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Asked(first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs})


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound
