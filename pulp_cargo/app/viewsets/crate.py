"""REST endpoints of crate versions and yank marks."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import CharFilter
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from pulpcore.plugin import viewsets as core

from pulp_cargo.app.access import access_for_content
from pulp_cargo.app.models import CrateContent, CrateYank
from pulp_cargo.app.serializers import (
    CrateContentSerializer,
    CrateUploadSerializer,
    CrateYankSerializer,
)
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.viewsets.odd_requests import RefusesOddRequests
from pulp_cargo.app.viewsets.reference_filters import (
    AddedBetweenFilter,
    AddedInVersionFilter,
    RemovedBetweenFilter,
    RemovedInVersionFilter,
)
from pulp_cargo.app.viewsets.unit_lists import (
    InVersionFilter,
    UnitPagination,
)
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.protocol.semver import parse_version


class CrateContentFilter(core.ContentFilter):
    """Filters of crate versions by their fields and dependencies."""

    repository_version = InVersionFilter()
    repository_version_added = AddedInVersionFilter()
    repository_version_removed = RemovedInVersionFilter()
    added_between = AddedBetweenFilter()
    removed_between = RemovedBetweenFilter()
    dependency = CharFilter(
        method="filter_dependency",
        help_text="Crate versions that depend on the crate with this name, as spelled in its own"
        " Cargo.toml.",
    )
    keyword = CharFilter(
        method="filter_keyword",
        help_text="Crate versions with exactly this keyword.",
    )

    versions = CharFilter(
        method="filter_versions",
        help_text="Crate versions that match a version requirement such as `^1.2`, including"
        " pre-releases; only together with `name` or `canonical_name`, or their `__in`.",
    )

    class Meta:
        model = CrateContent
        fields = {
            "name": core.NAME_FILTER_OPTIONS,
            "canonical_name": ["exact", "in"],
            "vers": ["exact", "in"],
            "cksum": ["exact", "in"],
            "rust_version": ["exact", "in"],
        }

    def filter_dependency(
        self, units: QuerySet[CrateContent], field: str, name: str
    ) -> QuerySet[CrateContent]:
        """Return the units that have the crate among their dependencies."""
        return units.filter(dependency_names__contains=[name])

    def filter_keyword(
        self, units: QuerySet[CrateContent], field: str, keyword: str
    ) -> QuerySet[CrateContent]:
        """Return the units that have the keyword."""
        return units.filter(keywords__contains=[keyword])

    def filter_versions(
        self, units: QuerySet[CrateContent], field: str, versions: str
    ) -> QuerySet[CrateContent]:
        """Return the units whose versions a requirement means.

        PostgreSQL does not know the order of versions, so all of some crates are compared here.
        """
        given = self.form.cleaned_data
        names, canonical = (
            [value for value in (given[key], *(given[f"{key}__in"] or ())) if value]
            for key in ("name", "canonical_name")
        )
        if not names and not canonical:
            raise ValidationError({field: ["This filter also requires a crate, by its `name`."]})
        with refused_as_invalid():
            wanted = parse_requirement(versions).range()
        named = CrateContent.objects.filter(
            Q(name__in=names) if names else Q(canonical_name__in=canonical)
        )
        found = set(named.values_list("vers", flat=True))
        return units.filter(vers__in=[one for one in found if parse_version(one) in wanted])


class CrateContentViewSet(RefusesOddRequests, core.SingleArtifactContentUploadViewSet):
    """
    A crate version: its line in the registry's index, the metadata of its Cargo.toml, and its
    .crate file. Uploading a .crate file creates the same unit as `cargo publish`.
    """

    endpoint_name = "crates"
    queryset = CrateContent.objects.prefetch_related("_artifacts", "core_vulnerabilityreport")
    serializer_class = CrateContentSerializer
    filterset_class = CrateContentFilter
    pagination_class = UnitPagination

    DEFAULT_ACCESS_POLICY = access_for_content(
        "has_upload_param_model_or_domain_or_obj_perms:core.change_upload", also_creating=["upload"]
    )

    @extend_schema(
        summary="Upload a .crate file synchronously",
        description="Create a crate version from a .crate file without a task, and add it to a"
        " repository, if one is given. The response is sent when the registries that serve"
        " the repository have the crate.",
        responses={201: CrateContentSerializer},
    )
    @action(detail=False, methods=["post"], serializer_class=CrateUploadSerializer)
    def upload(self, request: Request, **kwargs: Any) -> Response:
        """Create the unit, or return the existing one of the same bytes."""
        serializer = CrateUploadSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        shown = CrateContentSerializer(serializer.save(), context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)


class CrateYankFilter(core.ContentFilter):
    """Filters of yank marks by their version."""

    repository_version = InVersionFilter()
    repository_version_added = AddedInVersionFilter()
    repository_version_removed = RemovedInVersionFilter()
    added_between = AddedBetweenFilter()
    removed_between = RemovedBetweenFilter()
    name = CharFilter(
        method="filter_name",
        help_text="The yank marks of the crate with this name, in any spelling.",
    )

    class Meta:
        model = CrateYank
        fields = {"canonical_name": ["exact", "in"], "vers": ["exact", "in"]}

    def filter_name(self, marks: QuerySet[CrateYank], field: str, name: str) -> QuerySet[CrateYank]:
        """Return the marks of a crate."""
        return marks.filter(canonical_name=canonical_name(name))


class CrateYankViewSet(RefusesOddRequests, core.NoArtifactContentViewSet):
    """
    The mark that a crate version is yanked, in the repository versions that contain the mark.
    Removing it from a repository with `modify` unyanks the version.
    """

    endpoint_name = "yanks"
    queryset = CrateYank.objects.prefetch_related("core_vulnerabilityreport")
    serializer_class = CrateYankSerializer
    filterset_class = CrateYankFilter
    pagination_class = UnitPagination

    DEFAULT_ACCESS_POLICY = access_for_content()
