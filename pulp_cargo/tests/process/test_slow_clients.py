"""Clients that take what they asked for slowly, or not at all."""

import ast
import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

SIZE = 20_000_000
BODY = bytes(SIZE)
# The calls that send without a limit.
SENDS = (
    *("response.write", "response.write_eof", "super().write", "super().write_eof"),
    *("web.FileResponse", "FileResponse"),
)
Send = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def stream(request: web.Request) -> web.StreamResponse:
    """Send as a download does that comes from an upstream meanwhile."""
    from pulp_cargo.app.endpoints.http.client_timeout import SlowClient
    from pulp_cargo.app.endpoints.http.responses import cut_off

    response, client = web.StreamResponse(), SlowClient()
    response.content_length = SIZE
    await response.prepare(request)
    try:
        await client.write(response.write, BODY)
        await client.write_eof(response)
    except TimeoutError as error:
        cut_off(request)
        raise ConnectionAbortedError from error
    return response


@pytest.fixture
def file(tmp_path: Path) -> Send:
    """Sends as a download does of a file on disk."""
    path = tmp_path / "a.crate"
    path.write_bytes(BODY)

    async def send(request: web.Request) -> web.StreamResponse:
        from pulp_cargo.app.endpoints.http.client_timeout import FileWithTimeout, limit_pauses

        limit_pauses(request)
        return FileWithTimeout(str(path), SIZE, {})

    return send


async def whole(request: web.Request) -> web.StreamResponse:
    """Send as all others do, at once."""
    from pulp_cargo.app.endpoints.http.client_timeout import limit_pauses

    limit_pauses(request)
    return web.Response(body=BODY)


@pytest.fixture(params=["stream", "file", "whole"])
def send(request: pytest.FixtureRequest, file: Send) -> Send:
    """Sends in one of the ways in which we do."""
    return {"stream": stream, "file": file, "whole": whole}[request.param]


@asynccontextmanager
async def asked(send: Send) -> AsyncIterator[tuple[asyncio.StreamReader, TestServer]]:
    """Ask for it, with little room for what comes."""
    app = web.Application()
    app.router.add_get("/", send)
    async with TestServer(app) as server:
        own = socket.socket()
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        own.connect((str(server.host), server.port))
        reader, writer = await asyncio.open_connection(sock=own, limit=4096)
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        try:
            yield reader, server
        finally:
            writer.close()


async def until_closed(server: TestServer, seconds: float) -> None:
    """Wait until the server has no connection any more."""
    assert server.handler is not None
    async with asyncio.timeout(seconds):
        while server.handler.connections:
            await asyncio.sleep(0.05)


def test_client_that_stops_reading_is_cut_off(monkeypatch: pytest.MonkeyPatch, send: Send) -> None:
    """However it is sent; it never gets the whole."""
    from pulp_cargo.app.runtime import timeouts

    monkeypatch.setattr(timeouts, "CLIENT_PAUSE_SECONDS", 1)

    async def scene() -> None:
        async with asked(send) as (reader, server):
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            await until_closed(server, 10)
            with pytest.raises((OSError, asyncio.IncompleteReadError)):
                await reader.readexactly(SIZE)

    asyncio.run(scene())


def test_client_that_takes_less_than_anybody_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never still, and would stay for hours."""
    from pulp_cargo.app.runtime import timeouts

    monkeypatch.setattr(timeouts, "CLIENT_PAUSE_SECONDS", 1)

    async def scene() -> None:
        async with asked(stream) as (reader, server):
            closed = asyncio.create_task(until_closed(server, 20))
            while not closed.done():
                try:
                    await reader.read(512)
                except OSError:
                    break
                await asyncio.sleep(0.4)
            await closed

    asyncio.run(scene())


def test_slow_client_gets_everything(monkeypatch: pytest.MonkeyPatch, send: Send) -> None:
    """It may take longer than a pause, if it goes on."""
    from pulp_cargo.app.runtime import timeouts

    monkeypatch.setattr(timeouts, "CLIENT_PAUSE_SECONDS", 1)

    async def scene() -> int:
        got = 0
        async with asked(send) as (reader, _):
            await reader.readuntil(b"\r\n\r\n")
            while got < SIZE:
                for _ in range(500):
                    got += len(await reader.read(4096))
                    if got == SIZE:
                        break
                await asyncio.sleep(0.2)
        return got

    assert asyncio.run(scene()) == SIZE


def test_nothing_large_is_sent_without_a_limit() -> None:
    """Every endpoint that streams hands its response to what knows one, `http/client_timeout`."""
    from pulp_cargo.app import endpoints

    (folder,) = endpoints.__path__
    modules = {
        str(path.relative_to(folder)): ast.parse(path.read_text())
        for path in Path(folder).rglob("*.py")
    }
    streaming = {name for name, module in modules.items() if "client.write" in ast.unparse(module)}
    assert streaming == {
        "read/download.py",
        "read/listing.py",
        "read/send_on_demand.py",
    }
    del modules["http/client_timeout.py"]
    wrong = [
        f"{name}: {ast.unparse(node)}"
        for name, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SENDS
    ]
    assert wrong == []
