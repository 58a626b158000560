"""REST endpoints of tokens: create, list, label and revoke."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django_filters import CharFilter
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response

from pulpcore.plugin import viewsets as core

from pulp_cargo.app.access import access_for_tokens
from pulp_cargo.app.models import CargoToken
from pulp_cargo.app.serializers import CargoTokenSerializer, NewCargoTokenSerializer
from pulp_cargo.app.viewsets.odd_requests import RefusesOddRequests


class CargoTokenFilter(core.BaseFilterSet):
    """Filters of tokens by name, user and distribution."""

    user = CharFilter(
        field_name="user__username", help_text="Filter results where the username matches value"
    )
    distribution = core.HyperlinkRelatedFilter(
        allow_null=True, help_text="Filter results by the distribution to which tokens are limited"
    )

    pulp_label_select = core.LabelFilter()

    class Meta:
        model = CargoToken
        fields = {
            "name": core.NAME_FILTER_OPTIONS,
            "expires_at": core.DATETIME_FILTER_OPTIONS,
            "last_used": core.DATETIME_FILTER_OPTIONS,
        }


class CargoTokenViewSet(
    RefusesOddRequests,
    core.NamedModelViewSet,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    mixins.DestroyModelMixin,
    core.LabelsMixin,
    core.RolesMixin,
):
    """
    A secret with which cargo acts for a user, within limits. Users see and create their own;
    deleting one revokes it at once.
    """

    endpoint_name = "cargo/tokens"
    queryset = CargoToken.objects.select_related("user", "distribution").order_by("-pulp_created")
    serializer_class = CargoTokenSerializer
    filterset_class = CargoTokenFilter
    queryset_filtering_required_permission = "cargo.view_cargotoken"
    # The id of the registry whose web API uses this viewset; it has checked the right to read.
    admitted: UUID | None = None

    DEFAULT_ACCESS_POLICY, LOCKED_ROLES = access_for_tokens(CargoToken)

    def get_serializer_context(self) -> dict[str, Any]:
        """Add the registry whose web API has admitted the user."""
        return {**super().get_serializer_context(), "admitted": self.admitted}

    @extend_schema(
        description="Create a token. Only this response contains its secret.",
        responses={201: NewCargoTokenSerializer},
    )
    def create(self, request: Request, **kwargs: Any) -> Response:
        """Create a token and return its secret."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        shown = NewCargoTokenSerializer(serializer.save(), context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)

    def scope_queryset(self, tokens: QuerySet[CargoToken]) -> QuerySet[CargoToken]:
        """Return the user's own tokens, and those that a role lets them view."""
        asker = self.request.user
        if asker.is_superuser:
            return tokens
        permitted = super().scope_queryset(tokens).values("pk")
        return tokens.filter(Q(user__username=asker.get_username()) | Q(pk__in=permitted))
