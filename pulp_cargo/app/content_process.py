"""Making the state of a content process when it starts, and closing it when it ends."""

import resource
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web

from pulp_cargo.app.endpoints.process import PROCESS, ContentProcess

# Threads that unpack crates hold the interpreter for so long at a time, in seconds, while a request
# waits for its turn several times; Python's own 5 ms make a cold `cargo fetch` a quarter longer.
SWITCH_INTERVAL_SECONDS = 0.001
OPEN_FILES = 8192


async def content_process(app: web.Application) -> AsyncIterator[None]:
    """Start and end with the application (an aiohttp cleanup context)."""
    set_interpreter_limits()
    process = app[PROCESS] = ContentProcess()
    await process.start()
    yield
    await process.close()


def set_interpreter_limits() -> None:
    """Set the switch interval, and the number of files that may be open.

    Files that came from upstreams are open until they are stored, and many systems begin with 1,024.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
