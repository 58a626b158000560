"""The ordered list of upstreams of a distribution, which is always set as a whole."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from pulp_cargo.app.models import CargoDistribution, CargoUpstream

FIELDS = ("name", "repository", "remote", "patterns", "pins", "private")


def entries(distribution: CargoDistribution) -> list[dict[str, Any]]:
    """Return the current list, in the form that `replace` takes."""
    rows = distribution.upstreams.select_related("repository", "remote")
    return [{field: getattr(row, field) for field in FIELDS} for row in rows]


def replace(distribution: CargoDistribution, entries: Iterable[Mapping[str, Any]]) -> None:
    """Replace the entries of the distribution's list."""
    with transaction.atomic():
        distribution.note_what_upstreams_mirrored()
        distribution.upstreams.all().delete()
        for position, entry in enumerate(entries):
            CargoUpstream.objects.create(distribution=distribution, position=position, **entry)
