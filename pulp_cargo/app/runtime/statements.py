"""Prepared statements that are sent in a pipeline, for operations that must be fast.

A publish is a dozen statements that are always the same. PostgreSQL would take longer to plan each
than to execute it, and a round trip would take longer still.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Pipeline
from psycopg.types.datetime import TimestamptzLoader

Values = Sequence[Any] | Mapping[str, Any]


class Rows:
    """The rows of a statement, which may not have arrived yet."""

    def __init__(self, cursor: psycopg.Cursor[tuple[Any, ...]]) -> None:
        self._cursor = cursor

    def fetch(self) -> list[tuple[Any, ...]]:
        """Wait for the rows and return them, once; raises Django's exceptions."""
        with connection.wrap_database_errors, self._cursor:
            return self._cursor.fetchall()


@contextmanager
def pipelined() -> Iterator[None]:
    """Send statements without waiting for each result, until one is fetched or the block ends.

    The error of a statement may be raised by a later one, or at the end, so the block must not
    contain savepoints. Raises Django's exceptions, as outside of a pipeline.
    """
    connection.ensure_connection()
    if not Pipeline.is_supported():
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def ask(statement: str, values: Values = ()) -> Rows:
    """Send a statement that returns rows."""
    own = _connection()
    cursor = _cursor(own)
    with _prepared(own):
        cursor.execute(statement, values, prepare=True)
    return Rows(cursor)


def run(statement: str, values: Values = ()) -> None:
    """Send a statement whose result is not needed."""
    own = _connection()
    with psycopg.Cursor(own.connection) as cursor, _prepared(own):
        cursor.execute(statement, values, prepare=True)


def _connection() -> BaseDatabaseWrapper:
    """Return Django's connection of this thread, connected.

    Cursors of psycopg are used on it, because Django's own ones insert the values into the text.
    """
    # Not its proxy, which looks it up again for each attribute.
    own = connections[DEFAULT_DB_ALIAS]
    if own.connection is None:
        own.ensure_connection()
    return own


def _cursor(own: BaseDatabaseWrapper) -> psycopg.Cursor[tuple[Any, ...]]:
    """Return a cursor whose values PostgreSQL binds."""
    cursor: psycopg.Cursor[tuple[Any, ...]] = psycopg.Cursor(own.connection)
    # Django's own is in Python, and takes 20 times as long for the same: both follow the session.
    cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
    return cursor


@contextmanager
def _prepared(own: BaseDatabaseWrapper) -> Iterator[None]:
    """Prepare statements within the block, which Django does not, and raise Django's exceptions.

    With a pooler that assigns a connection per transaction, Django is configured with
    `DISABLE_SERVER_SIDE_CURSORS`; prepared statements would be lost there as well.
    """
    session, is_pooled = own.connection, own.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False)
    before, session.prepare_threshold = session.prepare_threshold, None if is_pooled else 0
    try:
        with own.wrap_database_errors:
            yield
    finally:
        session.prepare_threshold = before
