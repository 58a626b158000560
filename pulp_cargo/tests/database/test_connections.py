"""The connections on which changes are made: alive, without asking PostgreSQL each time."""

import asyncio
import threading

import psycopg
from django.conf import settings
from django.db import connection

from pulp_cargo.app.runtime import threads
from pulp_cargo.app.runtime.rows import all_rows


def backend() -> int:
    """The PostgreSQL process of the connection of this thread."""
    ((pid,),) = all_rows("SELECT pg_backend_pid()")
    return int(pid)


def write_in_all_threads() -> list[int]:
    """Return which PostgreSQL processes the threads that commit have."""
    count = threads.COMMITTERS._max_workers
    # Otherwise a quick thread may make the changes of others.
    all_at_once = threading.Barrier(count)

    def change() -> int:
        all_at_once.wait(timeout=60)
        return backend()

    async def write() -> list[int]:
        return await asyncio.gather(*(threads.write(change) for _ in range(count)))

    return asyncio.run(write())


def end(pids: set[int]) -> None:
    """Let PostgreSQL close connections, as it does when it is restarted."""
    django = settings.DATABASES["default"]
    with psycopg.connect(
        dbname=django["NAME"], user=django["USER"], host=django["HOST"], autocommit=True
    ) as other:
        for pid in pids:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_change_is_made_on_a_new_connection_if_the_old_one_has_ended() -> None:
    """A publish is not refused because PostgreSQL was restarted since the one before."""
    old = set(write_in_all_threads())
    end(old)
    assert old.isdisjoint(write_in_all_threads())


def test_connection_that_is_alive_is_not_asked_for_it(sent: list[str]) -> None:
    """That would be another round trip of each publish."""

    def statements() -> int:
        connection.ensure_connection()
        return len(sent)

    async def write_twice() -> tuple[int, int]:
        return await threads.write(statements), await threads.write(statements)

    write_in_all_threads()
    sent.clear()
    assert asyncio.run(write_twice()) == (0, 0)
