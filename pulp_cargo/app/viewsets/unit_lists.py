"""Lists of units that stay quick in a Pulp with very many of them.

Core sorts whole rows, readmes included, by a time that many units share, and finds a version's
units one by one.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Func, Q, QuerySet
from rest_framework.request import Request

from pulpcore.plugin import viewsets as core
from pulpcore.plugin.models import Content, RepositoryVersion

# A version of more units than this is looked up in memory, for each unit in turn.
LARGE_VERSION = 10_000


class UnitPagination(core.ContentViewSet.pagination_class):
    """Finds the page's units by their ids, and loads only those.

    Ids begin with the time at which they were made, so the newest come first as with core's order,
    and pages never overlap.
    """

    def paginate_queryset(
        self, queryset: QuerySet[Content], request: Request, view: core.ContentViewSet
    ) -> list[Content]:
        """Return the units of the page that is asked for."""
        order = ["-pk" if field == "-pulp_created" else field for field in queryset.query.order_by]
        ids = queryset.prefetch_related(None).order_by(*order).values_list("pk", flat=True)
        page: Sequence[UUID] = super().paginate_queryset(ids, request, view)
        whole = view.queryset.select_related("core_vulnerabilityreport")
        units = whole.prefetch_related("contentartifact_set").in_bulk(page)
        return [units[pk] for pk in page if pk in units]


class InVersionFilter(type(core.ContentFilter.declared_filters["repository_version"])):
    """Keeps the units of a repository version."""

    def filter(self, units: QuerySet[Content], value: str | None) -> QuerySet[Content]:
        """Return the units that the version holds."""
        if value is None:
            return units
        version: RepositoryVersion = self.get_repository_version(value)
        held = Q(pk__in=version.content_ids_subquery())
        if version.count() <= LARGE_VERSION:
            return units.filter(held)
        # As a condition of its own, PostgreSQL makes one table of the ids in memory; as a join it
        # looks for each by index, since it believes them to be few.
        condition = ExpressionWrapper(held, output_field=BooleanField())
        is_held = Func(condition, template="(%(expressions)s) IS TRUE", output_field=BooleanField())
        return units.filter(is_held)
