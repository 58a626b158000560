"""A database whose tables of core lack a column is reported before a request meets it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

if TYPE_CHECKING:
    from django.core.checks import CheckMessage


def found() -> "list[CheckMessage]":
    """Return what the check has to say of the database."""
    from pulp_cargo.app.checks import database_has_our_columns

    return database_has_our_columns(databases=["default"])


@pytest.fixture
def copied() -> Iterator[CursorWrapper]:
    """A cursor that sees empty copies of core's tables, which others do not."""
    from pulp_cargo.app.models.core_columns import COLUMNS

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA copied")
        for table in COLUMNS:
            cursor.execute(f"CREATE TABLE copied.{table} (LIKE public.{table})")
        cursor.execute("SET LOCAL search_path TO copied")
        yield cursor
        transaction.set_rollback(True)


def test_database_of_this_core_has_every_column() -> None:
    """So nobody is told anything, at the cost of one query."""
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert found() == []
    assert len(queries) == 1


def test_a_missing_column_is_named(copied: CursorWrapper) -> None:
    """With its table, and what to do about it; nothing else is missing."""
    assert found() == []
    copied.execute("ALTER TABLE core_remote RENAME COLUMN url TO address")
    (warning,) = found()
    assert "`url`" in warning.msg and "`core_remote`" in warning.msg
    assert "migrate" in warning.hint


def test_a_database_without_tables_is_for_the_migration_to_fill(copied: CursorWrapper) -> None:
    """`migrate` checks before it makes them."""
    copied.execute("SET LOCAL search_path TO pg_catalog")
    assert found() == []


def test_the_command_runs_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    """As `pulp-cargo serve` runs it whenever a release has changed."""
    from django.core.management import call_command

    call_command("check", tags=["cargo"], databases=["default"])
    assert "no issues" in capsys.readouterr().out
