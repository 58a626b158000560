"""Making the state of a content process when it starts, and closing it when it ends."""

import asyncio
import ctypes
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web

from pulp_cargo.app.endpoints.pages.render import compile_templates
from pulp_cargo.app.endpoints.process import PROCESS, ContentProcess
from pulp_cargo.app.runtime import threads, timeouts

# How long a thread that unpacks a crate may block the interpreter, in seconds. A request may wait
# for it several times: with Python's default of 5 ms a cold `cargo fetch` takes a quarter longer.
SWITCH_INTERVAL_SECONDS = 0.001
OPEN_FILES = 8192
# The C library (glibc) would give every thread an arena of its own, which keeps the memory that is
# freed in it; with two for all, a process that has filled a cache takes a tenth less.
M_ARENA_MAX, ARENA_COUNT = -8, 2


async def content_process(app: web.Application) -> AsyncIterator[None]:
    """Start and end with the application (an aiohttp cleanup context)."""
    set_interpreter_limits()
    process = app[PROCESS] = ContentProcess()
    await process.start()
    process.services.background.spawn(
        _prepare_pages(process),
        failure="Pages were not prepared, so the first one takes longer",
        wait_at_exit=False,
    )
    yield
    await process.close()


async def _prepare_pages(process: ContentProcess) -> None:
    """Do what the first page would wait for, after everything that the start itself needs."""
    await asyncio.sleep(timeouts.PAGES_PREPARATION_PAUSE_SECONDS)
    await threads.make_page(process.contents.start)
    await threads.make_page(compile_templates)


def set_interpreter_limits() -> None:
    """Set the interpreter's switch interval, and the maximum numbers of open files and arenas.

    Downloaded files are open until they are stored, and the default limit is often 1,024.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    # Other C libraries have no such function.
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENA_COUNT)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
