"""A first start, which takes short cuts, makes the same tables as Django's own `migrate`."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from pulp_cargo.tests.functional.serve.test_upgrade import database, make_old
from pulp_cargo.tests.support.stack import Stack

__all__ = ["database"]

# Each makes texts of the objects that migrations have made.
CATALOGS = {
    "columns": """
        SELECT concat_ws(' ', table_name, column_name, data_type, udt_name, is_nullable,
            character_maximum_length, column_default)
        FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": """
        SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": """
        SELECT pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT FROM pg_depend
            WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
        )
    """,
    "migrations": "SELECT concat_ws(' ', app, name) FROM django_migrations",
}


@pytest.mark.long
def test_same_tables(stack: Stack, database: dict[str, Any], tmp_path: Path) -> None:
    """All columns, indexes, constraints, triggers and functions, by their definitions.

    It takes long because it runs all migrations without any short cut. The database of the stack is
    that of a first start.
    """
    make_old(stack, database, tmp_path / "plain", "*")
    with stack.connect() as connection:
        quick = _catalogs(connection)
    parameters = {"host": database["HOST"], "user": database["USER"], "dbname": database["NAME"]}
    with psycopg.connect(**parameters) as connection:
        plain = _catalogs(connection)
    assert len(plain["columns"]) > 500
    assert quick == plain


def _catalogs(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    return {
        name: sorted(text for (text,) in connection.execute(query).fetchall())
        for name, query in CATALOGS.items()
    }
