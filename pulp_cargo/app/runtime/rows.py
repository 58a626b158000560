"""The rows of a query on Django's connection.

PostgreSQL plans each of these queries anew for its values. Statements that must be fast are in
`statements`, where they are prepared.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection

Values = Sequence[Any] | Mapping[str, Any]


def all_rows(query: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def first_row(query: str, values: Values = ()) -> tuple[Any, ...] | None:
    """Return the first row of a query, None without one."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def rows_with_bound_values(query: str, values: Values) -> list[tuple[Any, ...]]:
    """Return all rows of a query whose values PostgreSQL binds; Django interpolates them itself.

    The query is prepared if Django's database options allow that (`prepare_threshold`).
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(query, values, prepare=True).fetchall()
