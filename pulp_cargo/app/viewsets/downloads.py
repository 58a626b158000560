"""REST endpoints for the downloads of a registry."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django_filters import (
    CharFilter,
    DateFilter,
    DateTimeFilter,
    FilterSet,
    OrderingFilter,
)
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from pulp_cargo.app.models import CrateDownloads, DailyDownloads, VersionDownloads
from pulp_cargo.app.serializers.downloads import (
    CrateDownloadsSerializer,
    DailyDownloadsSerializer,
    VersionDownloadsSerializer,
)
from pulp_cargo.protocol.names import canonical_name

BEFORE = "Only rows whose last download was before this time."
SINCE = "Only rows that were downloaded at this time or later."
TYPES: Mapping[type, Any] = {DateFilter: OpenApiTypes.DATE, DateTimeFilter: OpenApiTypes.DATETIME}


class NameFilter(CharFilter):
    """Filters by the name of a crate in any spelling."""

    def filter(self, rows: QuerySet[Any], value: str | None) -> QuerySet[Any]:
        """Return the rows of the crate."""
        return super().filter(rows, value and canonical_name(value))


class CrateDownloadsFilter(FilterSet):
    """Filters of crates."""

    name = NameFilter("canonical_name", label="Only this crate, in any spelling.")
    last_download_at__lt = DateTimeFilter("last_at", "lt", label=BEFORE)
    last_download_at__gte = DateTimeFilter("last_at", "gte", label=SINCE)
    ordering = OrderingFilter(
        fields={
            "canonical_name": "name",
            "downloads": "downloads",
            "recent": "recent_downloads",
            "last_at": "last_download_at",
        },
        label="The field to sort by; with a leading `-`, in descending order. The default is"
        " `-downloads`.",
    )


class VersionDownloadsFilter(FilterSet):
    """Filters of versions."""

    name = NameFilter("crate__canonical_name", label="Only this crate, in any spelling.")
    vers = CharFilter("vers", label="Only this version.")
    last_download_at__lt = DateTimeFilter("last_at", "lt", label=BEFORE)
    last_download_at__gte = DateTimeFilter("last_at", "gte", label=SINCE)
    ordering = OrderingFilter(
        fields={
            "crate__canonical_name": "name",
            "downloads": "downloads",
            "last_at": "last_download_at",
        },
        label="The field to sort by; with a leading `-`, in descending order. The default is"
        " `-downloads`.",
    )


class DailyDownloadsFilter(FilterSet):
    """Filters of days."""

    name = NameFilter("version__crate__canonical_name", label="Only this crate, in any spelling.")
    vers = CharFilter("version__vers", label="Only this version.")
    day = DateFilter("day", label="Only this day.")
    day__gte = DateFilter("day", "gte", label="Only this day and later ones.")
    day__lte = DateFilter("day", "lte", label="Only this day and earlier ones.")


def _parameters(filters: type[FilterSet]) -> list[OpenApiParameter]:
    return [
        OpenApiParameter(name, TYPES.get(type(one), OpenApiTypes.STR), description=str(one.label))
        for name, one in filters.base_filters.items()
    ]


# The filters of the viewset are for distributions.
NO_FILTERS: dict[str, Any] = {"filterset_class": None}


class DownloadsMixin:
    """The lists of downloads of a distribution, in pages."""

    @extend_schema(
        summary="List downloads per crate",
        description="How often the crates of the registry were downloaded, per crate.",
        parameters=_parameters(CrateDownloadsFilter),
        responses={200: CrateDownloadsSerializer(many=True)},
    )
    @action(detail=True, methods=["get"], **NO_FILTERS, serializer_class=CrateDownloadsSerializer)
    def downloads(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return a page of the crates, those with most downloads first."""
        rows = CrateDownloads.objects.filter(distribution=self.get_object().pk)
        return self._page(CrateDownloadsFilter, rows.order_by("-downloads", "canonical_name"))

    @extend_schema(
        summary="List downloads per version",
        description="How often the crates of the registry were downloaded, per version.",
        parameters=_parameters(VersionDownloadsFilter),
        responses={200: VersionDownloadsSerializer(many=True)},
    )
    @action(detail=True, methods=["get"], **NO_FILTERS, serializer_class=VersionDownloadsSerializer)
    def version_downloads(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return a page of the versions, those with most downloads first."""
        rows = VersionDownloads.objects.filter(crate__distribution=self.get_object().pk)
        rows = rows.select_related("crate").order_by("-downloads", "pk")
        return self._page(VersionDownloadsFilter, rows)

    @extend_schema(
        summary="List downloads per day",
        description="How often the crates of the registry were downloaded in the last 90 days,"
        " per version and day.",
        parameters=_parameters(DailyDownloadsFilter),
        responses={200: DailyDownloadsSerializer(many=True)},
    )
    @action(detail=True, methods=["get"], **NO_FILTERS, serializer_class=DailyDownloadsSerializer)
    def daily_downloads(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return a page of the days, the latest first."""
        rows = DailyDownloads.objects.filter(version__crate__distribution=self.get_object().pk)
        rows = rows.select_related("version__crate").order_by("-day", "-downloads", "pk")
        return self._page(DailyDownloadsFilter, rows)

    def _page(self, filters: type[FilterSet], rows: QuerySet[Any]) -> Response:
        found = filters(self.request.query_params, queryset=rows)
        if not found.is_valid():
            raise ValidationError(found.errors)
        page = self.paginate_queryset(found.qs)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
