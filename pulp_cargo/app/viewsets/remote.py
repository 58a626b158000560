"""REST endpoints of upstream registries."""

from typing import Any

from pulpcore.plugin import viewsets as core

from pulp_cargo.app.access import access_for
from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.serializers import CargoRemoteSerializer
from pulp_cargo.app.viewsets.crate_policy import CargoCratePolicyViewSet
from pulp_cargo.app.viewsets.in_use import KeptInLists
from pulp_cargo.app.viewsets.visible import visible


class CargoRemoteViewSet(KeptInLists, core.RemoteViewSet, core.RolesMixin):
    """An upstream registry, such as crates.io, and how to talk to it."""

    endpoint_name = "cargo"
    queryset = CargoRemote.objects.all()
    serializer_class = CargoRemoteSerializer
    queryset_filtering_required_permission = "cargo.view_cargoremote"

    DEFAULT_ACCESS_POLICY, LOCKED_ROLES = access_for(CargoRemote)

    def get_serializer_context(self) -> dict[str, Any]:
        """Let a request that names a crate policy ask what the asker sees."""
        found = visible(self.request, CargoCratePolicyViewSet)
        return {**super().get_serializer_context(), "visible": found}
