"""Lists of units that stay fast with very many units.

Core sorts whole rows, including readmes, by a time that many units share, and looks up a version's
units one by one.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from rest_framework.request import Request

from pulpcore.plugin import viewsets as core
from pulpcore.plugin.models import Content, RepositoryContent, RepositoryVersion

from pulp_cargo.app.models.core import content_ids_of
from pulp_cargo.app.viewsets.reference_filters import OfVisibleRepository, of_core

# In a version of more units than this, those of a page are looked for one after the other.
LARGE_VERSION = 10_000


class UnitPagination(core.ContentViewSet.pagination_class):
    """Finds the ids of a page's units, and loads only these units.

    Ids begin with their creation time, so the newest come first as in core's order, and pages never
    overlap.
    """

    def paginate_queryset(
        self, queryset: QuerySet[Content], request: Request, view: core.ContentViewSet
    ) -> list[Content]:
        """Return the units of the requested page."""
        order = ["-pk" if field == "-pulp_created" else field for field in queryset.query.order_by]
        ids = queryset.prefetch_related(None).order_by(*order).values_list("pk", flat=True)
        page: Sequence[UUID] = super().paginate_queryset(NearerEnd(ids), request, view)
        whole = view.queryset.select_related("core_vulnerabilityreport")
        units = whole.in_bulk(page)
        return [units[pk] for pk in page if pk in units]

    def get_count(self, pages: "NearerEnd") -> int:
        """Return the total number of units."""
        pages.count = super().get_count(pages.ids)
        return pages.count


class NearerEnd:
    """Ids in order, of which a page is read from the nearer end."""

    def __init__(self, ids: QuerySet[Content]) -> None:
        self.ids = ids
        self.count = 0

    def __getitem__(self, wanted: slice) -> list[UUID]:
        start, stop = wanted.start, min(wanted.stop, self.count)
        if start <= self.count // 2:
            return list(self.ids[start:stop])
        return list(self.ids.reverse()[self.count - stop : self.count - start])[::-1]


class InVersionFilter(OfVisibleRepository, of_core(core.ContentFilter, "repository_version")):
    """Filters the units of a repository version."""

    def filter(self, units: QuerySet[Content], value: str | None) -> QuerySet[Content]:
        """Return the units in the version."""
        if value is None:
            return units
        version: RepositoryVersion = self.get_repository_version(value)
        if version.count() <= LARGE_VERSION:
            return units.filter(pk__in=content_ids_of(version))
        # A value, not a condition: PostgreSQL would join the whole version when it expects few.
        membership = Subquery(_membership(version).values("pk")[:1])
        return units.alias(membership=membership).filter(membership__isnull=False)


def _membership(version: RepositoryVersion) -> QuerySet[RepositoryContent]:
    """Return the membership row of a unit in a version.

    Core's list of ids has to be read completely for each page; these rows have an index, in the
    order of the page.
    """
    versions = RepositoryVersion.objects.filter(repository=version.repository_id)
    later = versions.filter(number__gt=version.number).values("pk")
    rows = RepositoryContent.objects.filter(
        content_id=OuterRef("pk"),
        repository=version.repository_id,
        version_added__in=versions.filter(number__lte=version.number).values("pk"),
    )
    return rows.filter(Q(version_removed=None) | Q(version_removed__in=later))
