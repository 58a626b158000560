"""Statements sent together: PostgreSQL works on one while the next is on its way."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import Pipeline


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
