"""Filters of lists by repository versions and units.

Core's accept any version and unit: users would learn whether it exists, and which of the units that
they may view belong to a repository that they may not view.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.db.models import Model, QuerySet
from django_filters import Filter
from rest_framework.exceptions import ValidationError

from pulpcore.plugin import viewsets as core
from pulpcore.plugin.models import Content, RepositoryVersion
from pulpcore.plugin.util import extract_pk

from pulp_cargo.app.models import CargoDistribution, CargoRepository
from pulp_cargo.app.queries.registry.serving import serving
from pulp_cargo.app.serializers.visible import visible
from pulp_cargo.app.viewsets.odd_requests import UNRESOLVED

_OF_REPOSITORIES = core.RepositoryViewSet.filterset_class
_OF_VERSIONS = core.RepositoryVersionViewSet.filterset_class


def of_core(filters: type[core.BaseFilterSet], name: str) -> Any:
    """Return the class of one of core's filters."""
    return type(filters.declared_filters[name])


class OfVisibleRepository:
    """A mixin for filters by repository versions; precedes core's filter."""

    def get_repository_version(self, value: str) -> RepositoryVersion:
        """Refuse a version that the user may not view as if it did not exist, unlike core."""
        with suppress(ValidationError, *UNRESOLVED):
            version: RepositoryVersion = super().get_repository_version(value)
            seen = visible(self.parent.request, CargoRepository)
            if seen.filter(pk=version.repository_id).exists():
                return version
        raise ValidationError(f"{value!r} is not a version of a repository that you may view")


class AddedInVersionFilter(
    OfVisibleRepository, of_core(core.ContentFilter, "repository_version_added")
):
    """Filters the units that a repository version added."""


class RemovedInVersionFilter(
    OfVisibleRepository, of_core(core.ContentFilter, "repository_version_removed")
):
    """Filters the units that a repository version removed."""


class AddedBetweenFilter(OfVisibleRepository, of_core(core.ContentFilter, "added_between")):
    """Filters the units in the second of two repository versions, but not in the first."""


class RemovedBetweenFilter(OfVisibleRepository, of_core(core.ContentFilter, "removed_between")):
    """Filters the units in the first of two repository versions, but not in the second."""


class OfVisibleUnits:
    """A mixin for filters by units; precedes core's filter."""

    def filter(self, rows: QuerySet[Model], value: str | Iterable[str] | None) -> QuerySet[Model]:
        """Refuse a unit that the user may not view as if it did not exist, unlike core."""
        for one in [value] if isinstance(value, str) else value or ():
            if one:
                self._require_visible(one)
        return super().filter(rows, value)

    def _require_visible(self, value: str) -> None:
        with suppress(ValidationError, *UNRESOLVED):
            pk, request = extract_pk(value), self.parent.request
            kinds = CargoRepository.CONTENT_TYPES
            if any(visible(request, kind).filter(pk=pk).exists() for kind in kinds):
                return
        raise ValidationError(f"{value!r} is not a crate version or yank mark that you may view")


class WithUnitFilter(OfVisibleUnits, of_core(_OF_REPOSITORIES, "with_content")):
    """Filters the repositories that have a unit."""


class ServesFilter(Filter):
    """Filters the distributions that serve a unit, with one query.

    Core's filter reads the repositories of all distributions one by one, and fails if one is deleted
    meanwhile.
    """

    def filter(
        self, distributions: QuerySet[CargoDistribution], value: str | None
    ) -> QuerySet[CargoDistribution]:
        """Filter by the URL or PRN of a unit."""
        if value is None:
            return distributions
        unit = core.NamedModelViewSet.get_resource(value, Content)
        return serving(distributions, unit.pk)


class ServesUnitFilter(OfVisibleUnits, ServesFilter):
    """Refuses units that the user may not view."""


class HasUnitFilter(OfVisibleUnits, of_core(_OF_VERSIONS, "content")):
    """Filters the repository versions that have a unit."""


class HasUnitsFilter(OfVisibleUnits, of_core(_OF_VERSIONS, "content__in")):
    """Filters the repository versions that have one of several units."""


class CargoRepositoryFilter(_OF_REPOSITORIES):
    """Filters of repositories."""

    with_content = WithUnitFilter()
    latest_with_content = WithUnitFilter(latest=True)


class CargoRepositoryVersionFilter(_OF_VERSIONS):
    """Filters of repository versions."""

    content = HasUnitFilter()
    content__in = HasUnitsFilter()


class CargoDistributionFilter(core.DistributionFilter):
    """Filters of distributions."""

    with_content = ServesUnitFilter(
        help_text="Filter distributions based on the content served by them"
    )
