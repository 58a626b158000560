"""How a content process starts and ends."""

import asyncio
import gzip
import resource
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

# Eight threads have memory of the C library at the same time; `malloc_info` describes each arena.
ARENAS = """
import ctypes, sys, threading
from pathlib import Path
from pulp_cargo.tests.support.django_setup import set_up, settings_without_stack

set_up(settings_without_stack(Path(sys.argv[1])))
from pulp_cargo.app.endpoints.content_process import set_interpreter_limits

set_interpreter_limits()
libc, together = ctypes.CDLL(None), threading.Barrier(8)
libc.fopen.restype = ctypes.c_void_p
threads = [
    threading.Thread(target=lambda: (libc.malloc(1000), together.wait())) for _ in range(8)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
path = Path(sys.argv[1]) / "arenas.xml"
file = ctypes.c_void_p(libc.fopen(bytes(path), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
print(path.read_text().count("<heap nr="))
"""


@pytest.fixture
def limits() -> Iterator[tuple[float, tuple[int, int]]]:
    """The limits of this process, which are as they were after the test."""
    before = sys.getswitchinterval(), resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    sys.setswitchinterval(before[0])
    resource.setrlimit(resource.RLIMIT_NOFILE, before[1])


def test_import_changes_nothing_about_the_interpreter(
    limits: tuple[float, tuple[int, int]],
) -> None:
    """Whoever imports a module asks for no more than that."""
    import pulp_cargo.app.content  # noqa: F401

    assert (sys.getswitchinterval(), resource.getrlimit(resource.RLIMIT_NOFILE)) == limits


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "x"])
def test_body_is_not_unpacked_by_the_parser(encoding: str) -> None:
    """It would unpack it on the event loop, whoever sends it, and though it is refused."""
    from pulp_cargo.app.endpoints.http.core import leave_bodies_packed

    packed = zlib.compress(bytes(1000)) if encoding == "deflate" else gzip.compress(bytes(1000))

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def send() -> bytes:
        app = web.Application()
        app.router.add_route("*", "/", echo)
        leave_bodies_packed(app)
        async with TestServer(app) as server, ClientSession() as client:
            headers = {"Content-Encoding": encoding}
            async with client.put(server.make_url("/"), data=packed, headers=headers) as answer:
                return await answer.read()

    assert asyncio.run(send()) == packed


def test_content_app_leaves_bodies_packed() -> None:
    """The option is that of Pulp's own application, which its server is started with."""
    from pulpcore.plugin.content import app

    import pulp_cargo.app.content  # noqa: F401

    assert app._handler_args["auto_decompress"] is False


def test_start_sets_limits(limits: tuple[float, tuple[int, int]]) -> None:
    """More files may be open, as far as the system lets us."""
    from pulp_cargo.app.endpoints import content_process

    _, (_, hard) = limits
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
    content_process.set_interpreter_limits()
    assert sys.getswitchinterval() == pytest.approx(0.001)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(8192, hard), hard)


def test_threads_share_two_arenas(tmp_path: Path) -> None:
    """Each arena keeps memory that its threads have freed."""
    command = [sys.executable, "-c", ARENAS, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "2\n"


def test_process_that_ends_writes_before_it_closes() -> None:
    """All that waits is written, also records of refusals; only then the connections are closed."""
    from pulp_cargo.app.endpoints.process import ContentProcess

    ended: list[str] = []

    def part(name: str) -> Any:
        async def close() -> None:
            await asyncio.sleep(0.001)
            ended.append(name)

        return Mock(close=close, stop=close)

    async def scene() -> None:
        process = ContentProcess()
        services, cache = process.services, process.cache
        process.listener, process.commits = part("listener"), part("commits")
        cache.persist_queue, cache.index_store = part("downloaded"), part("index files")
        cache.refusals = part("refusals")
        services.background, cache.clients = part("background"), part("clients")
        services.readers = Mock(stop=lambda: ended.append("readers"))
        await process.close()

    asyncio.run(scene())
    assert ended[0] == "listener"
    assert set(ended[1:5]) == {"commits", "downloaded", "index files", "refusals"}
    assert ended[5:] == ["background", "clients", "readers"]


def test_two_processes_share_nothing() -> None:
    """What one has in memory or in its queues is not in those of the other."""
    from pulp_cargo.app.endpoints.process import ContentProcess

    one, other = ContentProcess(), ContentProcess()
    shared = {name for name, value in vars(one).items() if value is getattr(other, name)}
    shared |= {name for name, value in vars(one.cache).items() if value is vars(other.cache)[name]}
    assert shared == set()


@pytest.mark.usefixtures("limits")
def test_process_prepares_for_pages_after_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first page waits neither for the process that renders readmes nor for its template."""
    from pulp_cargo.app.endpoints import content_process
    from pulp_cargo.app.endpoints.process import ContentProcess
    from pulp_cargo.app.runtime import timeouts
    from pulp_cargo.app.services.crates.contents import CrateContents

    done: list[str] = []

    async def start(_process: ContentProcess) -> None:
        done.append("process")

    monkeypatch.setattr(ContentProcess, "start", start)
    monkeypatch.setattr(CrateContents, "start", lambda _contents: done.append("readmes"))
    monkeypatch.setattr(content_process, "compile_templates", lambda: done.append("templates"))
    monkeypatch.setattr(timeouts, "PAGES_PREPARATION_PAUSE_SECONDS", 0)

    async def scene() -> None:
        app = web.Application()
        app.cleanup_ctx.append(content_process.content_process)
        async with TestServer(app), asyncio.timeout(20):
            while len(done) < 3:
                await asyncio.sleep(0.01)

    asyncio.run(scene())
    assert done == ["process", "readmes", "templates"]
