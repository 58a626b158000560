"""Actions of repositories for the owners of their crates."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django_filters import CharFilter, FilterSet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from pulp_cargo.app.access import Verb
from pulp_cargo.app.models import CrateOwner
from pulp_cargo.app.queries import owners as queries
from pulp_cargo.app.serializers import (
    AddedOwnersSerializer,
    AddOwnersSerializer,
    CrateOwnerSerializer,
    RemovedOwnersSerializer,
    RemoveOwnersSerializer,
)
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.services import owners as service
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.owners import GROUP

# Whoever may modify the repository stands above the owners of its crates.
OWNER_VERBS = (Verb(("owners",), "view"), Verb(("add_owners", "remove_owners"), "modify"))


class CrateOwnerFilter(FilterSet):
    """Filters of owners by crate and login."""

    crate = CharFilter(method="filter_crate")
    owner = CharFilter(method="filter_owner")

    class Meta:
        model = CrateOwner
        fields = ()

    def filter_crate(
        self, rows: QuerySet[CrateOwner], field: str, value: str
    ) -> QuerySet[CrateOwner]:
        """Return the owners of a crate, in any spelling."""
        return rows.filter(canonical_name=canonical_name(value))

    def filter_owner(
        self, rows: QuerySet[CrateOwner], field: str, value: str
    ) -> QuerySet[CrateOwner]:
        """Return the crates of a user or a group."""
        if value.startswith(GROUP):
            return rows.filter(group__name=value.removeprefix(GROUP))
        return rows.filter(user__username=value)


class CrateOwnersMixin:
    """Adds actions for owners to the viewset of repositories."""

    @extend_schema(
        summary="List the owners of crates",
        description="The owners of the repository's crates, sorted by crate. They have an effect"
        " only while `crate_owners` is set.",
        parameters=[
            OpenApiParameter("crate", str, description="Filter results by crate, in any spelling"),
            OpenApiParameter(
                "owner", str, description="Filter results by owner: a username, or `group:NAME`"
            ),
        ],
        responses={200: CrateOwnerSerializer(many=True)},
    )
    # The filters of the viewset are for repositories.
    @action(
        detail=True, methods=["get"], serializer_class=CrateOwnerSerializer, filterset_class=None
    )
    def owners(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return a page of the owners."""
        rows = queries.rows_of_repository(self.get_object().pk)
        found = CrateOwnerFilter(request.query_params, queryset=rows)
        if not found.is_valid():
            raise ValidationError(found.errors)
        page = self.paginate_queryset(found.qs)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Add owners to crates",
        description="Add users and groups to the owners of all crates that match. If one of the"
        " owners or crates does not exist, nothing is changed.",
        request=AddOwnersSerializer,
        # The status of core's actions; the schema has 201 for them in any case.
        responses={201: AddedOwnersSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=AddOwnersSerializer)
    def add_owners(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Add them at once, without a task."""
        repository, asked = self.get_object(), AddOwnersSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        with refused_as_invalid():
            added = service.add_to_crates(
                repository.pk,
                wanted["owners"],
                wanted["crates"],
                unowned=wanted["unowned"],
                by=_user(request),
            )
        shown = AddedOwnersSerializer({"added": added})
        return Response(shown.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Remove owners from crates",
        description="Remove users and groups from the owners of all crates that match. If a crate"
        " would be left without an owner, nothing is changed.",
        request=RemoveOwnersSerializer,
        responses={201: RemovedOwnersSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=RemoveOwnersSerializer)
    def remove_owners(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Remove them at once, without a task."""
        repository, asked = self.get_object(), RemoveOwnersSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        with refused_as_invalid():
            removed = service.remove_from_crates(repository.pk, wanted["owners"], wanted["crates"])
        shown = RemovedOwnersSerializer({"removed": removed})
        return Response(shown.data, status=status.HTTP_201_CREATED)


def _user(request: Request) -> int | None:
    """Return the id of the requester, None for one who is no user of this Pulp."""
    return request.user.pk if isinstance(request.user, get_user_model()) else None
