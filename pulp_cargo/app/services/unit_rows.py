"""Units written as rows, many in a few statements.

Core saves units one by one, with a savepoint each; a group of publishes would spend its time
there, under the repository's lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from pulpcore.plugin.models import Content, Domain

from pulp_cargo.app.models import CrateContent, notify
from pulp_cargo.protocol.index import parse_line, render_line
from pulp_cargo.protocol.listing import LISTS, TEXTS

# What a .crate file alone decides of its unit; a readme may come from cargo, too.
FROM_BYTES = (
    "dependency_names",
    "registries",
    *LISTS,
    *(text for text in TEXTS if text != "readme"),
)


def save_units(units: Sequence[CrateContent], domain: Domain) -> list[UUID]:
    """Insert the units that the domain does not have, and return the ids of all, in order."""
    ids, _ = _save(units, domain)
    return ids


def save_read_units(units: Sequence[CrateContent], domain: Domain) -> list[UUID]:
    """Do what `save_units` does with units whose .crate files were read, and believe those.

    A unit may be here already by the word of an upstream registry (`services/sync`), which could
    have lied about it.
    """
    ids, there = _save(units, domain)
    for stored in CrateContent.objects.filter(pk__in=there) if there else ():
        put_right(stored, vars(there[stored.pk]))
    return ids


def put_right(stored: CrateContent, read: Mapping[str, Any]) -> None:
    """Let a stored unit say what was read from its .crate file; its `pubtime` stays."""
    pubtime = parse_line(stored.index_line).pubtime
    wanted = {name: read[name] for name in FROM_BYTES}
    wanted["index_line"] = render_line(replace(parse_line(read["index_line"]), pubtime=pubtime))
    if any(getattr(stored, name) != value for name, value in wanted.items()):
        CrateContent.objects.filter(pk=stored.pk).update(**wanted)
        notify.registries_changed()


def _save(
    units: Sequence[CrateContent], domain: Domain
) -> tuple[list[UUID], Mapping[UUID, CrateContent]]:
    """Insert what is missing; return the ids of all, and the units whose ids were there before."""
    known = _known(units, domain)
    if known:
        Content.objects.filter(pk__in=known.values()).touch()
    fresh = [unit for unit in units if _key(unit) not in known]
    insert_units(CrateContent, fresh, domain)
    there = {known[_key(unit)]: unit for unit in units if _key(unit) in known}
    known |= {_key(unit): unit.pk for unit in fresh}
    return [known[_key(unit)] for unit in units], there


def _key(unit: CrateContent) -> tuple[str, str, str]:
    return unit.name, unit.vers, unit.cksum


def _known(units: Sequence[CrateContent], domain: Domain) -> dict[tuple[str, str, str], UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, vers, cksum, content_ptr_id FROM cargo_cratecontent"
            " WHERE cksum = ANY(%s) AND _pulp_domain_id = %s",
            [[unit.cksum for unit in units], domain.pk],
        )
        return {(name, vers, cksum): pk for name, vers, cksum, pk in cursor.fetchall()}


def insert_units(model: type[Content], units: Sequence[Content], domain: Domain) -> None:
    """Insert units of one model, which the domain does not have."""
    for unit in units:
        unit.pulp_domain = unit._pulp_domain = domain
        unit.pulp_type = model.get_pulp_type()
        unit.content_ptr_id = unit.pulp_id
    insert(Content, units)
    insert(model, units)


def insert(model: type[Model], rows: Sequence[Model]) -> None:
    """Insert rows into a model's own table; Django's bulk_create refuses inherited models.

    `pre_save` fills in times, and moves an artifact's file to the storage.
    """
    fields = model._meta.local_concrete_fields
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({marks})",
            [
                [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
                for row in rows
            ],
        )
