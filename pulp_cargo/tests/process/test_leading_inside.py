"""An upstream outside, and a server inside that it would have us ask.

The upstream is at 127.0.0.1, which a setting allows, and has a public address as well: so it is
outside. What is inside is at 127.0.0.2.
"""

import asyncio
import atexit
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from aiohttp import ClientConnectorError, ClientError, ClientOSError, resolver, web

from pulp_cargo.protocol.unavailable import UpstreamRefused, UpstreamUnreachable

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRemote

PUBLIC, UP, INSIDE = "93.184.215.14", "127.0.0.1", "127.0.0.2"
# Core tries all of these again.
ONCE = {"disable_retry_list": (ClientConnectorError, ClientOSError)}
OLD_SPELLINGS = ["2130706434", "0x7f.0.0.2", "127.2"]
SECRET = b"what only we can read"
CKSUM = hashlib.sha256(SECRET).hexdigest()


@dataclass
class World:
    """What names resolve to, where the upstream leads to, and what the server inside was asked."""

    names: dict[str, list[str]] = field(default_factory=dict)
    leads_to: str = ""
    dl: str = ""
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The upstream's URL."""
        return f"http://crates.example:{self.port}/"

    async def upstream(self, request: web.Request) -> web.Response:
        """Answer as the upstream does: in another place."""
        if request.path == "/config.json":
            return web.json_response({"dl": self.dl or self.url})
        raise web.HTTPFound(self.leads_to)

    async def inside(self, request: web.Request) -> web.Response:
        """Answer whoever asks."""
        self.asked.append(request.path)
        return web.Response(body=SECRET)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """An upstream outside."""
    from pulp_cargo.app.models import connecting

    # Core's downloaders leave their files where the process is.
    monkeypatch.chdir(tmp_path)
    world = World({"crates.example": [UP, PUBLIC], "inside.example": [INSIDE]})

    async def resolve(self: object, host: str, port: int = 0, family: Any = None) -> Any:
        if host not in world.names:
            raise OSError(f"no such host: {host}")
        keys = {"port": port, "family": 2, "proto": 0, "flags": 0, "hostname": host}
        return [{"host": address, **keys} for address in world.names[host]]

    monkeypatch.setattr(resolver.ThreadedResolver, "resolve", resolve)
    setting = SimpleNamespace(CARGO_UPSTREAM_PRIVATE_NETWORKS=["127.0.0.1/32"])
    monkeypatch.setattr(connecting, "settings", setting)
    # What core would close at exit has no loop by then.
    monkeypatch.setattr(atexit, "register", lambda *_: None)
    yield world


@asynccontextmanager
async def served(world: World) -> AsyncIterator[None]:
    """Have both servers for a while, at one port."""
    runners = []
    for handler, host in ((world.upstream, UP), (world.inside, INSIDE)):
        app = web.Application()
        app.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, host, world.port).start()
        world.port = runner.addresses[0][1]
        runners.append(runner)
    try:
        yield
    finally:
        for runner in runners:
            await runner.cleanup()


def places(world: World) -> list[str]:
    """Return the URLs by which the server inside could be reached."""
    hosts = ["inside.example", INSIDE, "[::ffff:127.0.0.2]"]
    return [f"http://{host}:{world.port}/secret" for host in hosts]


@asynccontextmanager
async def remote_in_use(world: World, **fields: Any) -> AsyncIterator["CargoRemote"]:
    """Have a remote that is in no database, and close what core opens for it."""
    from pulp_cargo.app.models import CargoRemote

    url = f"sparse+{world.url}"
    remote = CargoRemote(name="up", url=url, pulp_domain_id=uuid4(), max_retries=0, **fields)
    try:
        yield remote
    finally:
        await remote.download_factory._session.close()


async def ask_for_index(world: World, place: str) -> None:
    """Ask as a cache does for an index file, which is led there by a redirect."""
    from pulp_cargo.app.upstream.answer import Validators
    from pulp_cargo.app.upstream.client import Client

    world.leads_to = place
    async with remote_in_use(world) as remote:
        await Client(remote).index_file("leaf", Validators())


async def ask_for_file(world: World, place: str) -> None:
    """Ask as a cache does for a file, which config.json says is there."""
    from pulp_cargo.app.upstream.client import Client

    world.dl = place
    async with (
        remote_in_use(world) as remote,
        Client(remote).crate_file("leaf", "1.0.0", CKSUM) as response,
    ):
        await response.read()


async def ask_by_core(world: World, place: str) -> None:
    """Ask as core does, which downloads copies of files on demand."""
    world.leads_to = place
    async with remote_in_use(world) as remote:
        await remote.get_downloader(url=world.url).run(extra_data=ONCE)


async def ask_for_listing(world: World, place: str) -> None:
    """Ask as a sync does for the listing."""
    from pulp_cargo.app.upstream import listing
    from pulp_cargo.app.upstream.connection import FOR_SYNCS, Connection

    world.leads_to = place
    async with remote_in_use(world) as remote:
        await listing.fetch(Connection(remote, FOR_SYNCS), None)


ASK = [ask_for_index, ask_for_file, ask_by_core, ask_for_listing]
Ask = Callable[[World, str], Awaitable[None]]


@pytest.mark.parametrize("ask", ASK)
def test_upstream_does_not_choose_what_we_ask_inside(world: World, ask: Ask) -> None:
    """By whatever way we ask it, and whatever way leads there."""
    from pulp_cargo.app.models.connecting import AddressRefused

    async def run() -> None:
        async with served(world):
            for place in places(world):
                with pytest.raises((UpstreamRefused, ClientConnectorError)) as caught:
                    await ask(world, place)
                if isinstance(caught.value, UpstreamRefused):
                    assert "CARGO_UPSTREAM_PRIVATE_NETWORKS" in str(caught.value)
                else:
                    assert isinstance(caught.value.os_error, AddressRefused)
            for host in OLD_SPELLINGS:
                # aiohttp itself refuses some of them.
                with pytest.raises((UpstreamUnreachable, ClientError)):
                    await ask(world, f"http://{host}:{world.port}/secret")

    asyncio.run(run())
    assert world.asked == []


@pytest.mark.parametrize("ask", ASK)
def test_own_name_does_not_become_another_address(world: World, ask: Ask) -> None:
    """Whoever runs its DNS may change it between two look-ups."""

    async def run() -> None:
        async with served(world):
            world.names["crates.example"] = [PUBLIC, INSIDE]
            with pytest.raises(Exception):  # noqa: B017
                await asyncio.wait_for(ask(world, world.url), 1)

    asyncio.run(run())
    assert world.asked == []


@pytest.mark.parametrize("ask", ASK)
def test_upstream_inside_leads_to_what_is_inside(world: World, ask: Ask) -> None:
    """Its operator is inside, too."""
    world.names["crates.example"] = [UP]

    async def run() -> None:
        async with served(world):
            await ask(world, f"http://inside.example:{world.port}/")

    asyncio.run(run())
    assert len(world.asked) == 1


def test_name_that_was_public_is_outside_for_good(world: World) -> None:
    """Else the next look-up would bring it inside."""
    from pulp_cargo.app.models.connecting import AddressGuard, AddressRefused

    async def run() -> None:
        guard = AddressGuard("crates.example", resolver.ThreadedResolver())
        await guard.resolve("crates.example")
        world.names["crates.example"] = [INSIDE]
        (found,) = await guard.resolve("crates.example")
        with pytest.raises(AddressRefused):
            guard.open_socket((2, 1, 6, "", (found["host"], 80)))

    asyncio.run(run())


def test_proxy_is_the_administrators_word(world: World) -> None:
    """It may be inside, and connects in our place."""

    async def run() -> None:
        async with served(world):
            proxy = f"http://{INSIDE}:{world.port}"
            async with remote_in_use(world, proxy_url=proxy) as remote:
                await remote.get_downloader(url="http://elsewhere.example/").run(extra_data=ONCE)

    asyncio.run(run())
    assert len(world.asked) == 1
