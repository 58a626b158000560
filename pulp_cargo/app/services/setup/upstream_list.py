"""The ordered list of upstreams of a distribution, which is set as a whole."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from pulp_cargo.app.models import CargoDistribution, CargoUpstream

FIELDS = ("name", "repository", "remote", "patterns", "pins", "private")


def entries(distribution: CargoDistribution) -> list[dict[str, Any]]:
    """Return the list as it is, in the form in which it is set."""
    rows = distribution.upstreams.select_related("repository", "remote")
    return [{field: getattr(row, field) for field in FIELDS} for row in rows]


def replace(distribution: CargoDistribution, entries: Iterable[Mapping[str, Any]]) -> None:
    """Put these entries in the place of those that the distribution has."""
    with transaction.atomic():
        distribution.note_what_upstreams_mirrored()
        distribution.upstreams.all().delete()
        for position, entry in enumerate(entries):
            CargoUpstream.objects.create(distribution=distribution, position=position, **entry)
