"""Storing the yank marks of versions."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.expressions import RawSQL

from pulpcore.plugin.models import Domain

from pulp_cargo.app.models import CrateYank
from pulp_cargo.app.services.crates import unit_rows
from pulp_cargo.rules.import_marks import Key

# The ids of marks, by name and version.
STORED = "SELECT content_ptr_id FROM cargo_crateyank JOIN unnest(%s::text[], %s::text[])"
STORED += " AS wanted (canonical_name, vers) USING (canonical_name, vers)"


def save_marks(keys: Collection[Key], domain: Domain) -> list[UUID]:
    """Return the ids of the yank marks of many versions; missing ones are created."""
    wanted = sorted(keys)
    if not wanted:
        return []
    there = _stored(wanted, domain)
    unit_rows.touch(there.values())
    missing = [key for key in wanted if key not in there]
    made = [CrateYank(canonical_name=name, vers=vers) for name, vers in missing]
    try:
        with transaction.atomic():
            unit_rows.insert_units(CrateYank, made, domain)
    except IntegrityError:
        # Somebody else yanks one of them elsewhere.
        return [*there.values(), *save_yanks(missing, domain)]
    return [*there.values(), *(mark.pk for mark in made)]


def save_yanks(keys: Iterable[Key], domain: Domain) -> list[UUID]:
    """Do the same for a few versions, one by one, which does not fail if others do it as well."""
    marks = []
    for name, vers in sorted(keys):
        mark, made = CrateYank.objects.get_or_create(
            canonical_name=name, vers=vers, _pulp_domain=domain
        )
        if not made:
            mark.touch()
        marks.append(mark.pk)
    return marks


def _stored(wanted: Collection[Key], domain: Domain) -> dict[Key, UUID]:
    names, versions = ([key[part] for key in wanted] for part in (0, 1))
    found = CrateYank.objects.filter(
        pk__in=RawSQL(STORED, [names, versions]), _pulp_domain=domain
    ).values_list("canonical_name", "vers", "pk")
    return {(name, vers): pk for name, vers, pk in found}
