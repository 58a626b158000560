"""REST endpoints of crate versions and yank marks."""

from typing import Any

from django.db.models import QuerySet
from django_filters import CharFilter
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pulpcore.plugin import viewsets as core

from pulp_cargo.app.access import access_for_content
from pulp_cargo.app.models import CrateContent, CrateYank
from pulp_cargo.app.serializers import (
    CrateContentSerializer,
    CrateUploadSerializer,
    CrateYankSerializer,
)
from pulp_cargo.app.viewsets.unit_lists import InVersionFilter, UnitPagination
from pulp_cargo.app.viewsets.visible import visible
from pulp_cargo.protocol.names import canonical_name


class CrateContentFilter(core.ContentFilter):
    """Filters of crate versions by their fields and dependencies."""

    repository_version = InVersionFilter()
    dependency = CharFilter(
        method="filter_dependency",
        help_text="Crate versions that depend on the crate with this name, as spelled in its own"
        " Cargo.toml.",
    )
    keyword = CharFilter(
        method="filter_keyword",
        help_text="Crate versions with exactly this keyword.",
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


class CrateContentViewSet(core.SingleArtifactContentUploadViewSet):
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

    def get_serializer_context(self) -> dict[str, Any]:
        """Add what the user may view, for uploads that reference a stored file."""
        found = visible(self.request, CrateContentViewSet)
        return {**super().get_serializer_context(), "visible": found}

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


class CrateYankViewSet(core.NoArtifactContentViewSet):
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
