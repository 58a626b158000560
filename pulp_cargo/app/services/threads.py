"""Threads for everything that blocks, with database connections that heal.

Pulp's content app does all its ORM work in one thread and renews that thread's connection only;
work in other threads must look after its own.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")

# Reads take milliseconds; a publish may spend seconds on a large file, so it waits elsewhere.
READERS = ThreadPoolExecutor(4, thread_name_prefix="cargo-read")
WRITERS = ThreadPoolExecutor(6, thread_name_prefix="cargo-write")


async def read(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query in a thread, and once more when the connection turns out to be dead."""

    def attempt() -> T:
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError):
            connection.close()
            return work(*args, **kwargs)

    return await _run(READERS, attempt)


async def write(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work that changes something in a thread, once, on a connection that is alive.

    When the connection dies on the way nobody knows what was committed, so it is not repeated.
    """

    def attempt() -> T:
        if connection.connection is not None and not connection.is_usable():
            connection.close()
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError):
            connection.close()
            raise

    return await _run(WRITERS, attempt)


async def _run(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, copy_context().run, work)
