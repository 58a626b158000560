"""Statements of what has to be quick: sent together, and kept prepared by PostgreSQL.

A publish is a dozen statements that are always the same. PostgreSQL would take longer to plan each
than to run it, and the way there and back longer still.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import Pipeline

Values = Sequence[Any] | Mapping[str, Any]


class Rows:
    """The rows of a statement, which may be on their way."""

    def __init__(self, cursor: psycopg.Cursor[tuple[Any, ...]]) -> None:
        self._cursor = cursor

    def fetch(self) -> list[tuple[Any, ...]]:
        """Wait for the rows and return them, once; raises Django's exceptions."""
        with connection.wrap_database_errors, self._cursor:
            return self._cursor.fetchall()


@contextmanager
def pipelined() -> Iterator[None]:
    """Wait for no statement before its result is looked at, or the block ends.

    What a statement meets may be raised by a later one, or at the end, so no savepoint may be in
    here. Raises Django's exceptions, as without it.
    """
    connection.ensure_connection()
    if not Pipeline.is_supported():
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def ask(statement: str, values: Values = ()) -> Rows:
    """Send a statement that has rows for an answer."""
    cursor = _cursor()
    with _prepared(cursor):
        cursor.execute(statement, values, prepare=True)
    return Rows(cursor)


def run(statement: str, values: Values = ()) -> None:
    """Send a statement whose answer nobody looks at."""
    with _cursor() as cursor, _prepared(cursor):
        cursor.execute(statement, values, prepare=True)


def run_many(statement: str, rows: Sequence[Values]) -> None:
    """Send a statement once for each of these values."""
    with _cursor() as cursor, _prepared(cursor):
        cursor.executemany(statement, rows)


def _cursor() -> psycopg.Cursor[tuple[Any, ...]]:
    """Return a cursor that leaves it to PostgreSQL to put in the values; Django's does so itself."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)


@contextmanager
def _prepared(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Iterator[None]:
    """Let statements be prepared, which Django leaves off, meanwhile; and raise its exceptions.

    Whoever has a pooler that hands out another connection for each transaction tells Django so by
    `DISABLE_SERVER_SIDE_CURSORS`, and prepared statements would be as lost as those.
    """
    own = cursor.connection
    is_pooled = settings.DATABASES["default"].get("DISABLE_SERVER_SIDE_CURSORS", False)
    before, own.prepare_threshold = own.prepare_threshold, None if is_pooled else 0
    try:
        with connection.wrap_database_errors:
            yield
    finally:
        own.prepare_threshold = before
