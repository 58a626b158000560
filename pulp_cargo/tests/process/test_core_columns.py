"""The columns of core's tables that are declared are those that our statements name."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping

import pytest

PACKAGES = ("pulp_cargo.app.models", "pulp_cargo.app.queries", "pulp_cargo.app.services")
TABLE = re.compile(r"\b(core_[a-z]+)(?:\s+(?:AS\s+)?(?!ON\b|WHERE\b|CROSS\b|JOIN\b)([a-z]+))?\b")
COLUMN = re.compile(r"\b([a-z]+)\.([a-z_0-9]+)\b")


def statements() -> Iterator[tuple[str, str]]:
    """The names and texts of all statements that are constants of a module."""
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        for found in pkgutil.walk_packages(path, f"{package}."):
            for name, value in vars(importlib.import_module(found.name)).items():
                if isinstance(value, str) and name.isupper() and "core_" in value:
                    yield f"{found.name}.{name}", value


def columns(statement: str, tables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The tables and columns that a statement names by an alias."""
    for alias, column in COLUMN.findall(statement):
        if alias in tables:
            yield tables[alias], column


def test_every_column_in_our_statements_is_declared() -> None:
    """One that is named and not declared would be looked at by no check."""
    from pulp_cargo.app.models.core_columns import COLUMNS

    named, undeclared = set(), set()
    for name, text in statements():
        tables = {alias: table for table, alias in TABLE.findall(text) if alias}
        for table, column in columns(text, tables):
            named.add(table)
            if column not in COLUMNS[table]:
                undeclared.add(f"{name} names {table}.{column}")
    assert undeclared == set()
    assert len(named) > 5


def test_every_column_of_a_unit_that_a_sync_writes_by_name_is_declared() -> None:
    """They are the keys of a table, which no text of a statement shows."""
    from pulp_cargo.app.models.core_columns import COLUMNS
    from pulp_cargo.app.services.sync.mirrored_units import CONTENT

    assert set(CONTENT) <= COLUMNS["core_content"]


def test_this_core_has_every_declared_column() -> None:
    """The check has nothing to say of the release that is installed."""
    from pulp_cargo.app import checks

    assert checks.core_has_our_columns() == []


def test_a_column_that_core_has_no_more_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its table and itself, so that the one who reads it knows what to look for."""
    from pulp_cargo.app import checks
    from pulp_cargo.app.models import core_columns

    renamed = {**core_columns.COLUMNS, "core_remote": frozenset({"url", "old_name"})}
    monkeypatch.setattr(core_columns, "COLUMNS", renamed)
    (fault,) = checks.core_has_our_columns()
    assert "`old_name`" in fault.msg and "`core_remote`" in fault.msg
    assert fault.id == "cargo.E003"


@pytest.mark.parametrize("databases", [None, [], ["another"]])
def test_the_database_is_not_asked_unless_it_is_to_be_checked(databases: list[str] | None) -> None:
    """`check` alone must work where there is none."""
    from pulp_cargo.app import checks

    assert checks.database_has_our_columns(databases=databases) == []
