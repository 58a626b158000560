"""REST endpoints of crate policies."""

from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import Model, ProtectedError
from django_filters import FilterSet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from pulpcore.plugin import viewsets as core
from pulpcore.plugin.util import get_objects_for_user

from pulp_cargo.app.access import Verb, access_for
from pulp_cargo.app.models import CargoCratePolicy, CargoDistribution, CargoRemote, PolicyRefusal
from pulp_cargo.app.serializers import CargoCratePolicySerializer, PolicyRefusalSerializer
from pulp_cargo.app.viewsets.regular_expressions import WithRegularExpressions

USERS = {CargoRemote: "remote", CargoDistribution: "distribution"}
# The filters of records.
REFUSAL_FILTERS = ("name", "vers", "rule", "dry_run")


class CargoCratePolicyFilter(core.BaseFilterSet):
    """Filters of policies by name and labels."""

    pulp_label_select = core.LabelFilter()

    class Meta:
        model = CargoCratePolicy
        fields = {"name": core.NAME_FILTER_OPTIONS}


class PolicyRefusalFilter(FilterSet):
    """Filters of records by crate, version and rule."""

    class Meta:
        model = PolicyRefusal
        fields = REFUSAL_FILTERS


class CargoCratePolicyViewSet(
    WithRegularExpressions,
    core.NamedModelViewSet,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    core.LabelsMixin,
    core.RolesMixin,
):
    """
    Rules for the crates of a remote, or of the upstreams of a distribution: how old versions
    have to be, and which ones are allowed or blocked.
    """

    endpoint_name = "cargo/crate-policies"
    queryset = CargoCratePolicy.objects.order_by("-pulp_created")
    serializer_class = CargoCratePolicySerializer
    filterset_class = CargoCratePolicyFilter
    queryset_filtering_required_permission = "cargo.view_cargocratepolicy"

    DEFAULT_ACCESS_POLICY, LOCKED_ROLES = access_for(
        CargoCratePolicy, also=[Verb(("held",), "view")]
    )

    def perform_destroy(self, instance: CargoCratePolicy) -> None:
        """Delete an unused policy; deleting one in use would drop its rules unnoticed."""
        try:
            instance.delete()
        except ProtectedError as error:
            raise ValidationError(self._used_by(instance, error.protected_objects)) from error

    def _used_by(self, policy: CargoCratePolicy, users: Collection[Model]) -> str:
        named = [name for kind in USERS for name in self._named(kind, users)]
        if len(named) < len(users):
            named.append(f"{len(users) - len(named)} that you may not view")
        return (
            f"The crate policy `{policy.name}` is in use by {', '.join(named)}:"
            " set another policy there, or none, before you delete it."
        )

    def _named(self, model: type[Model], users: Collection[Model]) -> Iterator[str]:
        used_by = model.objects.filter(pk__in=[one.pk for one in users if isinstance(one, model)])
        permission = f"cargo.view_{model._meta.model_name}"
        for one in get_objects_for_user(self.request.user, permission, used_by).order_by("name"):
            yield f"the {USERS[model]} `{one.name}`"

    @extend_schema(
        summary="List refused versions",
        description="The versions that the policy refused, or would have refused in a dry run.",
        parameters=[
            OpenApiParameter(
                name, bool if name == "dry_run" else str, description=f"Filter results by {name}"
            )
            for name in REFUSAL_FILTERS
        ],
        responses={200: PolicyRefusalSerializer(many=True)},
    )
    # The filters of the viewset are for policies.
    @action(
        detail=True,
        methods=["get"],
        serializer_class=PolicyRefusalSerializer,
        filterset_class=None,
    )
    def held(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return a page of the records, the latest first."""
        policy = self.get_object()
        records = PolicyRefusal.objects.filter(policy=policy).order_by("-last_at", "-pk")
        found = PolicyRefusalFilter(request.query_params, queryset=records)
        if not found.is_valid():
            raise ValidationError(found.errors)
        page = self.paginate_queryset(found.qs)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
