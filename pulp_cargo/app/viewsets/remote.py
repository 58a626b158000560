"""REST endpoints of upstream registries."""

from typing import Any

from django_filters import BooleanFilter, FilterSet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from pulpcore.plugin import viewsets as core

from pulp_cargo.app.access import Verb, access_for
from pulp_cargo.app.models import CargoRemote, ReplacedVersion
from pulp_cargo.app.serializers import (
    AcceptReplacedVersionSerializer,
    CargoRemoteSerializer,
    ReplacedVersionSerializer,
)
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.services.cache import replaced_versions
from pulp_cargo.app.viewsets.in_use import ProtectedByLists
from pulp_cargo.app.viewsets.odd_requests import RefusesOddRequests


class ReplacedVersionFilter(FilterSet):
    """Filters of records by crate and version, and by acceptance."""

    accepted = BooleanFilter(field_name="accepted_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = ReplacedVersion
        fields = ("name", "vers")


class CargoRemoteViewSet(RefusesOddRequests, ProtectedByLists, core.RemoteViewSet, core.RolesMixin):
    """An upstream registry, such as crates.io, and how to connect to it."""

    endpoint_name = "cargo"
    queryset = CargoRemote.objects.all()
    serializer_class = CargoRemoteSerializer
    queryset_filtering_required_permission = "cargo.view_cargoremote"

    DEFAULT_ACCESS_POLICY, LOCKED_ROLES = access_for(
        CargoRemote, also=[Verb(("replaced",), "view"), Verb(("accept",), "change")]
    )

    @extend_schema(
        summary="List replaced versions",
        description="The versions whose bytes the upstream has replaced, the latest first. They"
        " are served unchanged until the new bytes are accepted.",
        parameters=[
            OpenApiParameter("name", str, description="Filter results by name"),
            OpenApiParameter("vers", str, description="Filter results by vers"),
            OpenApiParameter("accepted", bool, description="Filter results by accepted"),
        ],
        responses={200: ReplacedVersionSerializer(many=True)},
    )
    # The filters of the viewset are for remotes.
    @action(
        detail=True,
        methods=["get"],
        serializer_class=ReplacedVersionSerializer,
        filterset_class=None,
    )
    def replaced(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return a page of the records."""
        records = self.get_object().replaced_versions.order_by("-found_at", "-pk")
        found = ReplacedVersionFilter(request.query_params, queryset=records)
        if not found.is_valid():
            raise ValidationError(found.errors)
        page = self.paginate_queryset(found.qs)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Accept a replaced version",
        description="Accept the new bytes of a version that the upstream has replaced. Lock files"
        " with the old checksum then no longer build through this remote.",
        request=AcceptReplacedVersionSerializer,
        # The status of core's actions; the schema has 201 for them in any case.
        responses={201: ReplacedVersionSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=AcceptReplacedVersionSerializer)
    def accept(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return the record."""
        remote = self.get_object()
        serializer = AcceptReplacedVersionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        with refused_as_invalid():
            row = replaced_versions.accept(remote, asked["name"], asked["vers"], asked["checksum"])
        return Response(ReplacedVersionSerializer(row).data, status=status.HTTP_201_CREATED)
