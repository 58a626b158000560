"""REST endpoints of distributions, the registries as cargo sees them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pulpcore.plugin import viewsets as core

from pulp_cargo.app.access import Verb, access_for
from pulp_cargo.app.models import CargoDistribution
from pulp_cargo.app.queries.registries import registry_of
from pulp_cargo.app.serializers import CargoConfigSerializer, CargoDistributionSerializer


class CargoDistributionViewSet(core.DistributionViewSet, core.RolesMixin):
    """
    A registry: the URL under which cargo finds the crates of a repository, and what it may do
    there. The roles `publisher` and `reader` are for the users of the registry.
    """

    endpoint_name = "cargo"
    # A list shows these of each row; the ids of a version's whole content are megabytes.
    queryset = CargoDistribution.objects.select_related(
        "pulp_domain", "content_guard", "repository_version__repository"
    ).defer("repository_version__content_ids")
    serializer_class = CargoDistributionSerializer
    queryset_filtering_required_permission = "cargo.view_cargodistribution"

    DEFAULT_ACCESS_POLICY, LOCKED_ROLES = access_for(
        CargoDistribution,
        also=[Verb(("config",), "view")],
        refers_to=[("repository", "cargorepository"), ("remote", "cargoremote")],
        roles={"publisher": ["view", "read", "publish", "yank"], "reader": ["view", "read"]},
    )

    @extend_schema(
        summary="Read the lines for cargo's configuration",
        description="The registry's `config.toml`, to be pasted into that of cargo.",
        responses={200: CargoConfigSerializer},
    )
    @action(detail=True, methods=["get"], serializer_class=CargoConfigSerializer)
    def config(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Answer with what the registry's `config.toml` has."""
        registry = registry_of(self.get_object())
        return Response(
            CargoConfigSerializer({"config": registry.cargo_config(for_readers=True)}).data
        )
