"""A turn at passing on a large file ends, whatever its client does."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from django.core.files.base import ContentFile

# More than the kernel takes off the server's hands.
SIZE = 12 * 1024 * 1024


def test_client_that_stops_reading_loses_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is cut off before the length that it was promised, and the next one is served."""
    from pulp_cargo.app.endpoints.process import ContentProcess
    from pulp_cargo.app.endpoints.read import send_from_storage
    from pulp_cargo.app.runtime import timeouts

    def fetch(*_: Any) -> SimpleNamespace:
        return SimpleNamespace(file=ContentFile(bytes(SIZE)))

    async def handle(request: web.Request) -> web.StreamResponse:
        cargo, file = SimpleNamespace(http=request, process=process), SimpleNamespace()
        return await send_from_storage.pass_on(cargo, file, {})

    async def ask(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        return reader, writer

    async def one_after_the_other() -> list[int]:
        server = web.ServerRunner(web.Server(handle))
        await server.setup()
        site = web.TCPSite(server, "127.0.0.1", 0)
        await site.start()
        _, port = server.addresses[0]
        stopped, _one = await ask(port)
        monkeypatch.setattr(timeouts, "STORAGE_TURN_SECONDS", 20)
        served, _other = await asyncio.wait_for(ask(port), 30)
        sizes = [len((await one.read()).partition(b"\r\n\r\n")[2]) for one in (served, stopped)]
        await server.cleanup()
        return sizes

    process = ContentProcess()
    process.storage_turns = asyncio.Semaphore(1)
    monkeypatch.setattr(timeouts, "STORAGE_TURN_SECONDS", 0.5)
    monkeypatch.setattr(send_from_storage, "_fetch", fetch)
    whole, part = asyncio.run(one_after_the_other())
    assert part < whole == SIZE
