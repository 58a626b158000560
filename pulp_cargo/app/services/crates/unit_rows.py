"""Inserting many units as rows with few statements.

Core saves units one by one with a savepoint each, which would take most of the time for which a
commit locks the repository.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import HStoreField
from django.db import connection
from django.db.models import Field, Model

from pulpcore.plugin.models import Content, Domain

from pulp_cargo.app.models import CrateContent
from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.statements import Rows

# The unique key of a unit: name, version, checksum, and the sources of its metadata and its time.
Key = tuple[str, str, str, str, str]

STORED = """
    SELECT name, vers, cksum, metadata_source, time_source, content_ptr_id FROM cargo_cratecontent
    WHERE cksum = ANY(%s) AND _pulp_domain_id = %s
"""


class NewRows:
    """Rows of several tables, which one statement inserts, however many there are."""

    def __init__(self) -> None:
        self._rows: defaultdict[type[Model], list[dict[str, Any]]] = defaultdict(list)

    def add(self, model: type[Model], rows: Iterable[Model]) -> None:
        """Add rows of a model's own table; Django's bulk_create refuses inherited models.

        `pre_save` sets times, and moves an artifact's file to the storage.
        """
        fields = model._meta.local_concrete_fields
        for row in rows:
            self._rows[model].append({one.column: _in_json(one, row) for one in fields})

    def insert(self) -> None:
        """Insert the rows. Keys between the tables may be in any order: PostgreSQL checks them last."""
        if self._rows:
            values = [json.dumps(rows, default=str) for rows in self._rows.values()]
            statements.run(_insert_into(tuple(self._rows)), values)


def _in_json(field: "Field[Any, Any]", row: Model) -> Any:
    """Return what stands for a field in the JSON of its row."""
    value = field.pre_save(row, True)
    # New units have no labels. JSON cannot be converted to their type, whose text for none this is.
    return "" if value == {} and isinstance(field, HStoreField) else value


@cache
def _insert_into(models: tuple[type[Model], ...]) -> str:
    """Return a statement with a JSON array of rows for each model, whose types PostgreSQL knows."""
    inserts = []
    for model in models:
        quoted = [
            connection.ops.quote_name(one.column) for one in model._meta.local_concrete_fields
        ]
        table, columns = model._meta.db_table, ", ".join(quoted)
        inserts.append(
            f"INSERT INTO {table} ({columns})"
            f" SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)"
        )
    *others, last = inserts
    before = ", ".join(f"rows_{number} AS ({one})" for number, one in enumerate(others))
    return f"WITH {before} {last}" if others else last


def save_units(units: Sequence[CrateContent], domain: Domain) -> list[UUID]:
    """Insert the units that the domain lacks, and return the ids of all units, in order."""
    rows = NewRows()
    ids = add_unknown(units, known(ask(units, domain)), domain, rows)
    rows.insert()
    return ids


def ask(units: Iterable[CrateContent], domain: Domain) -> Rows:
    """Query the domain's units of these files."""
    return statements.ask(STORED, [[unit.cksum for unit in units], domain.pk])


def known(asked: Rows) -> dict[Key, UUID]:
    """Return the ids of the units that the query has found."""
    return {tuple(row[:5]): row[5] for row in asked.fetch()}


def add_unknown(
    units: Sequence[CrateContent], there: Mapping[Key, UUID], domain: Domain, rows: NewRows
) -> list[UUID]:
    """Add the units that are not in `there` to new rows; return the ids of all units, in order."""
    if there:
        Content.objects.filter(pk__in=there.values()).touch()
    fresh = [unit for unit in units if _key(unit) not in there]
    _add_units(rows, CrateContent, fresh, domain)
    ids = {**there, **{_key(unit): unit.pk for unit in fresh}}
    return [ids[_key(unit)] for unit in units]


def _key(unit: CrateContent) -> Key:
    return unit.name, unit.vers, unit.cksum, unit.metadata_source, unit.time_source


def insert_units(model: type[Content], units: Sequence[Content], domain: Domain) -> None:
    """Insert units of one model that the domain lacks."""
    rows = NewRows()
    _add_units(rows, model, units, domain)
    rows.insert()


def _add_units(
    rows: NewRows, model: type[Content], units: Sequence[Content], domain: Domain
) -> None:
    for unit in units:
        unit.pulp_domain = unit._pulp_domain = domain
        unit.pulp_type = model.get_pulp_type()
        unit.content_ptr_id = unit.pulp_id
    rows.add(Content, units)
    rows.add(model, units)


def touch(units: Iterable[UUID]) -> list[UUID]:
    """Protect stored units from orphan cleanup, and return their ids."""
    found = list(units)
    if found:
        Content.objects.filter(pk__in=found).touch()
    return found
