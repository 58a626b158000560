"""Threads for everything that blocks, with database connections that heal.

Pulp's content app does all its ORM work in one thread and renews that thread's connection only;
work in other threads must look after its own.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection
from psycopg.errors import QueryCanceled

from pulp_cargo.app.runtime import timeouts
from pulp_cargo.protocol.unavailable import ServiceUnavailable

P = ParamSpec("P")
T = TypeVar("T")

# Reads and commits take milliseconds; a large .crate file may take seconds to unpack, so that
# happens elsewhere. Each reader and committer has a connection to the database of its own.
READER_COUNT = 4
READERS = ThreadPoolExecutor(READER_COUNT, thread_name_prefix="cargo-read")
COMMITTERS = ThreadPoolExecutor(4, thread_name_prefix="cargo-commit")
# Passwords are made to be slow to check, so strangers who send them must not hold up the others.
PASSWORDS = ThreadPoolExecutor(1, thread_name_prefix="cargo-password")
PASSWORDS_WAITING = asyncio.Semaphore(16)
WORKERS = ThreadPoolExecutor(4, thread_name_prefix="cargo-work")
# A listing may take minutes of queries and compression, by parts.
LISTERS = ThreadPoolExecutor(2, thread_name_prefix="cargo-listing")
# A page with the contents of a crate waits for a process that unpacks it.
PAGES = ThreadPoolExecutor(2, thread_name_prefix="cargo-page")
PAGES_WAITING = asyncio.Semaphore(32)
# An object storage may hang; with a file system these are never started.
UPLOADERS = ThreadPoolExecutor(4, thread_name_prefix="cargo-upload")
FETCHERS = ThreadPoolExecutor(8, thread_name_prefix="cargo-fetch")


async def read(query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query in a thread, and once more when the connection turns out to be dead.

    Raises ServiceUnavailable where that takes too long: a database that is gone without a word
    keeps the thread waiting until the system notices, but nobody else.
    """
    try:
        async with asyncio.timeout(timeouts.READ_TIMEOUT_SECONDS):
            return await _run(READERS, lambda: _healed(query, *args, **kwargs))
    except TimeoutError as error:
        raise ServiceUnavailable("the registry's database does not answer; try again") from error


async def hash_password(check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a check of a password, after the others; raises ServiceUnavailable for too many."""
    if PASSWORDS_WAITING.locked():
        raise ServiceUnavailable("too many passwords to check: use a token, or try again later")
    async with PASSWORDS_WAITING:
        return await _run(PASSWORDS, lambda: _healed(check, *args, **kwargs))


async def make_page(task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what prepares the contents of a crate, after the others; raises ServiceUnavailable."""
    if PAGES_WAITING.locked():
        raise ServiceUnavailable("too many crates are being unpacked for pages; try again later")
    async with PAGES_WAITING:
        return await _run(PAGES, lambda: task(*args, **kwargs))


def _healed(query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return query(*args, **kwargs)
    except (OperationalError, InterfaceError) as error:
        connection.close()
        if isinstance(error.__cause__, QueryCanceled):
            # The connection was well, and what took too long once would do so again.
            raise
        return query(*args, **kwargs)


async def work(task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what takes time but asks nothing of the database in a thread."""
    return await _run(WORKERS, lambda: task(*args, **kwargs))


async def make_part(task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a part of a listing, a query or not, without keeping other reads waiting."""
    return await _run(LISTERS, lambda: _healed(task, *args, **kwargs))


async def fetch(task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what waits for an object storage, and asks nothing of the database, in a thread."""
    return await _run(FETCHERS, lambda: task(*args, **kwargs))


async def write(change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a change of the database in a thread, once, on a connection that is alive.

    When the connection dies on the way nobody knows what was committed, so it is not repeated.
    """
    return await _run(COMMITTERS, lambda: _connected(change, *args, **kwargs))


async def upload(change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a change like `write`, for as long as it takes, without keeping commits waiting."""
    return await _run(UPLOADERS, lambda: _connected(change, *args, **kwargs))


def _connected(change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    if connection.connection is not None and not connection.is_usable():
        connection.close()
    try:
        return change(*args, **kwargs)
    except (OperationalError, InterfaceError):
        connection.close()
        raise


async def connect() -> None:
    """Open the connections of readers and committers before they are needed."""
    # Each thread has a connection of its own under this name, so it is looked up there.
    await every_reader(lambda: connection.ensure_connection())
    await _run(COMMITTERS, lambda: connection.ensure_connection())


async def every_reader(query: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run a query once in each of the threads that read."""
    together = Barrier(READER_COUNT)

    def attempt() -> None:
        # Nobody goes on before all are there, so that no thread takes two turns.
        together.wait(timeouts.WARM_UP_TIMEOUT_SECONDS)
        query(*args, **kwargs)

    await asyncio.gather(*(_run(READERS, attempt) for _ in range(READER_COUNT)))


async def _run(pool: ThreadPoolExecutor, task: Callable[[], T]) -> T:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, copy_context().run, task)
