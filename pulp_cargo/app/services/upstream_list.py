"""The ordered list of upstreams of a distribution, which is always set as a whole."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from pulp_cargo.app.models import CargoDistribution, CargoUpstream
from pulp_cargo.app.services.repository_use import may_modify

FIELDS = ("name", "repository", "remote", "patterns", "pins", "private")


def entries(distribution: CargoDistribution) -> list[dict[str, Any]]:
    """Return the current list, in the form that `replace` takes."""
    rows = distribution.upstreams.select_related("repository", "remote")
    return [{field: getattr(row, field) for field in FIELDS} for row in rows]


def replace(
    distribution: CargoDistribution,
    entries: Iterable[Mapping[str, Any]],
    user: AbstractBaseUser | None,
) -> None:
    """Replace the entries of the distribution's list, on behalf of a user or of Pulp itself.

    A claim is binding if the user may modify the repository, or if it was binding before.
    """
    with transaction.atomic():
        distribution.note_what_upstreams_mirrored()
        binding = set(
            distribution.upstreams.filter(is_binding=True).values_list("repository", flat=True)
        )
        distribution.upstreams.all().delete()
        for position, entry in enumerate(entries):
            repository = entry.get("repository")
            is_binding = (
                repository is not None
                and entry.get("private", False)
                and (repository.pk in binding or may_modify(user, repository))
            )
            CargoUpstream.objects.create(
                distribution=distribution,
                position=position,
                is_binding=is_binding,
                **entry,
            )
