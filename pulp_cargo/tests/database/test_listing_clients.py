"""Clients that take no listing, or all of them, in front of a content process of this one's own."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientPayloadError, ClientSession, web
from aiohttp.test_utils import TestServer
from django.db import connection

if TYPE_CHECKING:
    from pulp_cargo.app.endpoints.process import ContentProcess
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.queries.registry.registry import Registry

README = "r" * 1_000_000
# Compressed, it would be small.
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
def registry(
    repository: "CargoRepository", new_crate: Callable[..., Any], publish: Callable[..., UUID]
) -> "Registry":
    """A registry whose listing does not fit into the buffers between it and its reader."""
    publish(repository, *(f"{repository.name}-{number}" for number in range(30)))
    return registry_of(repository)


def registry_of(repository: "CargoRepository") -> "Registry":
    """Return a registry of a repository's newest version, with large readmes."""
    from pulp_cargo.app.models import CargoDistribution, CrateContent
    from pulp_cargo.app.queries.registry import registry as registries

    held = repository.latest_version().get_content(CrateContent.objects).values("pk")
    CrateContent.objects.filter(pk__in=held).update(readme=README)
    name = repository.name
    served = CargoDistribution(pk=uuid4(), name=name, base_path=name, repository=repository)
    return registries.registry_of(served)


def process_with_one_place() -> "ContentProcess":
    """A content process that sends one listing at a time."""
    from pulp_cargo.app.endpoints.process import ContentProcess

    process = ContentProcess()
    process.listing_turns = asyncio.Semaphore(1)
    return process


@asynccontextmanager
async def serving(
    registry: "Registry", process: "ContentProcess | None" = None
) -> AsyncIterator[TestServer]:
    """Serve the registry's listing at `/`."""
    from pulp_cargo.app.endpoints.http.request import CargoRequest
    from pulp_cargo.app.endpoints.process import ContentProcess
    from pulp_cargo.app.endpoints.read.listing import get_listing

    state = process or ContentProcess()

    async def answer(http: web.Request) -> web.StreamResponse:
        return await get_listing(CargoRequest(http, state, registry, "versions.jsonl", 0))

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as server:
        yield server


async def ask(server: TestServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for the listing, with little room for what comes."""
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    own.connect((str(server.host), server.port))
    reader, writer = await asyncio.open_connection(sock=own, limit=4096)
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    return reader, writer


def test_client_that_takes_nothing_is_cut_off(
    registry: "Registry", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its place is free then; one that takes a little at a time gets everything."""
    from pulp_cargo.app.runtime import timeouts

    monkeypatch.setattr(timeouts, "CLIENT_PAUSE_SECONDS", 1)
    process = process_with_one_place()

    async def scene() -> None:
        async with serving(registry, process) as server:
            reader, writer = await ask(server)
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            await until(lambda: process.listing_turns.locked())
            await until(lambda: not process.listing_turns.locked())
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(30 * len(README))
            writer.close()
            async with (
                ClientSession(headers=PLAIN) as slow,
                slow.get(server.make_url("/")) as answer,
            ):
                got = b""
                async for piece in answer.content.iter_chunked(1_000_000):
                    got += piece
                    await asyncio.sleep(0.05)
            assert got.endswith(b'\n{"end":30}\n')

    asyncio.run(scene())


def test_clients_that_take_a_little_now_and_then_do_not_keep_the_places(
    registry: "Registry", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four of them would keep all others from it, for ever."""
    from pulp_cargo.app.runtime import timeouts

    monkeypatch.setattr(timeouts, "CLIENT_PAUSE_SECONDS", 1)
    process = process_with_one_place()

    async def scene() -> None:
        async with serving(registry, process) as server:
            reader, writer = await ask(server)
            await until(lambda: process.listing_turns.locked())
            begun = asyncio.get_running_loop().time()
            while process.listing_turns.locked():
                # Never still for a second, and slower than anybody who copies the registry.
                with suppress(ConnectionError):
                    await reader.read(4096)
                await asyncio.sleep(0.3)
                assert asyncio.get_running_loop().time() - begun < 30
            writer.close()

    asyncio.run(scene())


def test_page_is_no_larger_than_its_largest_line(registry: "Registry") -> None:
    """Memory holds a page for each listing that is sent."""
    from pulp_cargo.app.queries.crates import listing

    page = listing.page(registry.content, listing.Place())
    assert (page.count, len(page.lines) < 1_100_000) == (1, True)


def test_listing_needs_no_thread_that_reads_the_index(registry: "Registry") -> None:
    """Readers may be as busy as they like once it has begun, and it keeps none of them."""
    from pulp_cargo.app.runtime import threads

    free = threading.Event()

    async def scene() -> bytes:
        async with (
            serving(registry) as server,
            ClientSession(headers=PLAIN) as client,
            client.get(server.make_url("/")) as answer,
        ):
            readers = range(threads.READER_COUNT)
            busy = [asyncio.create_task(threads.read(free.wait)) for _ in readers]
            try:
                return await asyncio.wait_for(answer.read(), 20)
            finally:
                free.set()
                await asyncio.gather(*busy)

    assert asyncio.run(scene()).endswith(b'\n{"end":30}\n')


@pytest.mark.parametrize(("order", "whole"), [(1, False), (-1, True)])
def test_listing_whose_rows_move_to_the_next_page_is_cut_off(
    repository: "CargoRepository",
    publish: Callable[..., UUID],
    monkeypatch: pytest.MonkeyPatch,
    order: int,
    whole: bool,
) -> None:
    """Trimming moves rows to a later version, whose id is as it happens: nothing comes twice."""
    from pulp_cargo.app.models import retention, version_rows

    ids = count(uuid4().int >> 16 << 16 | 1 << 15, order)
    monkeypatch.setattr(version_rows, "uuid4", lambda: UUID(int=next(ids)))
    for number in range(30):
        publish(repository, f"{repository.name}-{number}")
    repository.retain_repo_versions = 1
    registry = registry_of(repository)

    def trim() -> int:
        try:
            return retention.trim(repository)
        finally:
            connection.close()

    async def scene() -> bytes:
        async with (
            serving(registry) as server,
            ClientSession(headers=PLAIN) as client,
            client.get(server.make_url("/")) as answer,
        ):
            assert await asyncio.to_thread(trim) == 30
            return await answer.read()

    if not whole:
        with pytest.raises(ClientPayloadError):
            asyncio.run(scene())
        return
    _, *lines, end = asyncio.run(scene()).splitlines()
    assert (len(set(lines)), len(lines), end) == (30, 30, b'{"end":30}')


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something, and fail if it does not come."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)
