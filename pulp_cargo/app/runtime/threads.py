"""Threads for blocking work, whose database connections are renewed when they are broken.

Pulp's content app does all its ORM work in one thread and renews that thread's connection only; work
in other threads must renew its own.
"""

import asyncio
import select
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier
from typing import Any, ParamSpec, TypeVar

import psycopg
from django.db import InterfaceError, OperationalError, connection
from psycopg.errors import QueryCanceled

from pulp_cargo.app.runtime import timeouts
from pulp_cargo.protocol.unavailable import ServiceUnavailable

P = ParamSpec("P")
T = TypeVar("T")

# These pools are at module level because they belong to the interpreter: Python joins their threads
# when it exits, a pool without work has no threads, and their sizes limit the threads and database
# connections of the whole process, whoever uses them.

# Reads and commits take milliseconds, what prepares index files somewhat longer. Each reader and
# committer has its own connection to the database.
READER_COUNT = 4
READERS = ThreadPoolExecutor(READER_COUNT, thread_name_prefix="cargo-read")
COMMITTERS = ThreadPoolExecutor(4, thread_name_prefix="cargo-commit")
# Checking a password is slow by design, so anonymous clients must not delay other requests with it.
PASSWORDS = ThreadPoolExecutor(1, thread_name_prefix="cargo-password")
PASSWORDS_WAITING = asyncio.Semaphore(16)
WORKERS = ThreadPoolExecutor(4, thread_name_prefix="cargo-work")
# Reading a .crate file waits for a process that reads it, so this must not delay what prepares index
# files; and a few large files must not delay small ones.
EXAMINERS = ThreadPoolExecutor(4, thread_name_prefix="cargo-examine")
LARGE_EXAMINER_COUNT = 2
LARGE_EXAMINERS = ThreadPoolExecutor(LARGE_EXAMINER_COUNT, thread_name_prefix="cargo-examine-large")
LARGE_FILE_BYTES = 1024 * 1024
# A listing may take minutes of queries and compression, part by part.
LISTERS = ThreadPoolExecutor(2, thread_name_prefix="cargo-listing")
# A page waits for a process that renders its texts, and the first page with the contents of a crate for
# one that unpacks it: a large one for no other, and nobody else for it.
PAGES = ThreadPoolExecutor(2, thread_name_prefix="cargo-page")
PAGES_WAITING = asyncio.Semaphore(32)
UNPACKERS = ThreadPoolExecutor(1, thread_name_prefix="cargo-unpack")
UNPACKERS_WAITING = asyncio.Semaphore(32)
LARGE_UNPACKERS = ThreadPoolExecutor(1, thread_name_prefix="cargo-unpack-large")
LARGE_UNPACKERS_WAITING = asyncio.Semaphore(16)
# An object storage may hang. A file system takes files with the commit, so that these only restore
# files that it has lost.
UPLOADERS = ThreadPoolExecutor(4, thread_name_prefix="cargo-upload")
# Refusals and download counts, thousands per statement, so that they do not delay commits.
RECORDERS = ThreadPoolExecutor(1, thread_name_prefix="cargo-record")
FILE_READERS = ThreadPoolExecutor(8, thread_name_prefix="cargo-file")
# Files are synced to the disk here while other threads read them.
SETTLERS = ThreadPoolExecutor(4, thread_name_prefix="cargo-settle")


async def read(query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query in a thread, and repeat it once if the connection is dead.

    Raises ServiceUnavailable if that takes too long: if the database has vanished without closing
    the connection, the thread waits until the system notices, but the caller does not.
    """
    try:
        async with asyncio.timeout(timeouts.READ_TIMEOUT_SECONDS):
            return await _run(READERS, lambda: _healed(query, *args, **kwargs))
    except TimeoutError as error:
        raise ServiceUnavailable("the registry's database does not respond; try again") from error


async def check_password(check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Check a password, one at a time; raises ServiceUnavailable if too many are waiting."""
    if PASSWORDS_WAITING.locked():
        raise ServiceUnavailable(
            "too many passwords are being checked: use a token, or try again later"
        )
    async with PASSWORDS_WAITING:
        return await _run(PASSWORDS, lambda: _healed(check, *args, **kwargs))


async def make_page(task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what makes a page, or a text on it, after the others; raises ServiceUnavailable."""
    return await _run_in_turn(PAGES, PAGES_WAITING, lambda: task(*args, **kwargs))


async def unpack(size: int, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what unpacks a .crate file of this many bytes for a page; raises ServiceUnavailable."""
    if size < LARGE_FILE_BYTES:
        return await _run_in_turn(UNPACKERS, UNPACKERS_WAITING, lambda: task(*args, **kwargs))
    return await _run_in_turn(
        LARGE_UNPACKERS, LARGE_UNPACKERS_WAITING, lambda: task(*args, **kwargs)
    )


async def _run_in_turn(
    pool: ThreadPoolExecutor, waiting: asyncio.Semaphore, task: Callable[[], T]
) -> T:
    if waiting.locked():
        raise ServiceUnavailable("too many crates are being unpacked for pages; try again later")
    async with waiting:
        return await _run(pool, task)


def _healed(query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return query(*args, **kwargs)
    except (OperationalError, InterfaceError) as error:
        connection.close()
        if isinstance(error.__cause__, QueryCanceled):
            # The connection is intact, and the query would take too long again.
            raise
        return query(*args, **kwargs)


async def work(task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run slow work that does not use the database in a thread."""
    return await _run(WORKERS, lambda: task(*args, **kwargs))


async def examine(size: int, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what reads a .crate file of this many bytes.

    Raises ServiceUnavailable if it does not begin in time, because others are read.
    """
    pool = EXAMINERS if size < LARGE_FILE_BYTES else LARGE_EXAMINERS
    job = pool.submit(copy_context().run, lambda: task(*args, **kwargs))
    result = asyncio.wrap_future(job)
    try:
        await asyncio.wait([result], timeout=timeouts.EXAMINE_TIMEOUT_SECONDS)
        if job.cancel():
            raise ServiceUnavailable(
                "too many crates are being read at the moment; try again later"
            )
        return await result
    except asyncio.CancelledError:
        result.cancel()
        raise


async def examine_later(task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what reads a .crate file and may wait for long, since no client waits for it."""
    return await _run(LARGE_EXAMINERS, lambda: task(*args, **kwargs))


async def make_part(task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a part of a listing, with or without a query, without delaying other reads."""
    return await _run(LISTERS, lambda: _healed(task, *args, **kwargs))


async def read_file(task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Read a file, such as from an object storage, without the database, in a thread."""
    return await _run(FILE_READERS, lambda: task(*args, **kwargs))


async def write(change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a change of the database in a thread, once, on a connection that is alive.

    It is not repeated: if the connection breaks, whether the change was committed is unknown.
    """
    return await _run(COMMITTERS, lambda: _connected(change, *args, **kwargs))


async def write_slowly(change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a slow change like `write`, without delaying commits."""
    return await _run(UPLOADERS, lambda: _connected(change, *args, **kwargs))


async def record(change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a change like `write`, one at a time, without keeping commits and uploads waiting."""
    return await _run(RECORDERS, lambda: _connected(change, *args, **kwargs))


def _connected(change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    if connection.connection is not None and _has_ended(connection.connection):
        connection.close()
    try:
        return change(*args, **kwargs)
    except (OperationalError, InterfaceError):
        connection.close()
        raise


def _has_ended(own: psycopg.Connection[Any]) -> bool:
    """Whether a connection that waits for no result is closed; asking PostgreSQL takes a round trip.

    PostgreSQL sends nothing on it by itself but a last message, so it is readable only at its end.
    """
    if own.closed:
        return True
    poll = select.poll()
    poll.register(own.fileno(), select.POLLIN)
    return bool(poll.poll(0)) and not connection.is_usable()


async def connect() -> None:
    """Open the connections of readers and committers in advance."""
    # `connection` is a proxy for the connection of each thread, so it is used inside of it.
    await every_reader(lambda: connection.ensure_connection())
    await _run(COMMITTERS, lambda: connection.ensure_connection())


async def every_reader(query: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run a query once in each of the threads that read."""
    together = Barrier(READER_COUNT)

    def attempt() -> None:
        # All threads wait for each other here, so that none of them runs the query twice.
        together.wait(timeouts.WARM_UP_TIMEOUT_SECONDS)
        query(*args, **kwargs)

    await asyncio.gather(*(_run(READERS, attempt) for _ in range(READER_COUNT)))


async def _run(pool: ThreadPoolExecutor, task: Callable[[], T]) -> T:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, copy_context().run, task)
