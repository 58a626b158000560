"""Inserting many units as rows with few statements.

Core saves units one by one with a savepoint each, which would take most of the time for which a
commit locks the repository.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Model

from pulpcore.plugin.models import Content, Domain

from pulp_cargo.app.models import CrateContent
from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.statements import Rows

# The unique key of a unit: name, version, checksum, and the source of its metadata.
Key = tuple[str, str, str, str]

STORED = """
    SELECT name, vers, cksum, metadata_source, content_ptr_id FROM cargo_cratecontent
    WHERE cksum = ANY(%s) AND _pulp_domain_id = %s
"""


def save_units(units: Sequence[CrateContent], domain: Domain) -> list[UUID]:
    """Insert the units that the domain lacks, and return the ids of all units, in order."""
    return save_unknown(units, known(ask(units, domain)), domain)


def ask(units: Iterable[CrateContent], domain: Domain) -> Rows:
    """Query the domain's units of these files."""
    return statements.ask(STORED, [[unit.cksum for unit in units], domain.pk])


def known(asked: Rows) -> dict[Key, UUID]:
    """Return the ids of the units that the query has found."""
    return {tuple(row[:4]): row[4] for row in asked.fetch()}


def save_unknown(
    units: Sequence[CrateContent], there: Mapping[Key, UUID], domain: Domain
) -> list[UUID]:
    """Insert the units that are not in `there`, and return the ids of all units, in order."""
    if there:
        Content.objects.filter(pk__in=there.values()).touch()
    fresh = [unit for unit in units if _key(unit) not in there]
    insert_units(CrateContent, fresh, domain)
    ids = {**there, **{_key(unit): unit.pk for unit in fresh}}
    return [ids[_key(unit)] for unit in units]


def _key(unit: CrateContent) -> Key:
    return unit.name, unit.vers, unit.cksum, unit.metadata_source


def insert_units(model: type[Content], units: Sequence[Content], domain: Domain) -> None:
    """Insert units of one model that the domain lacks."""
    for unit in units:
        unit.pulp_domain = unit._pulp_domain = domain
        unit.pulp_type = model.get_pulp_type()
        unit.content_ptr_id = unit.pulp_id
    insert(Content, units)
    insert(model, units)


def insert(model: type[Model], rows: Sequence[Model]) -> None:
    """Insert rows into a model's own table; Django's bulk_create refuses inherited models.

    `pre_save` sets times, and moves an artifact's file to the storage.
    """
    fields = model._meta.local_concrete_fields
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    statements.run_many(
        f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({marks})",
        [
            [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
            for row in rows
        ],
    )
