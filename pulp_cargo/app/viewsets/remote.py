"""REST endpoints of upstream registries."""

from pulpcore.plugin import viewsets as core

from pulp_cargo.app.access import access_for
from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.serializers import CargoRemoteSerializer
from pulp_cargo.app.viewsets.in_use import KeptInLists


class CargoRemoteViewSet(KeptInLists, core.RemoteViewSet, core.RolesMixin):
    """An upstream registry, such as crates.io, and how to talk to it."""

    endpoint_name = "cargo"
    queryset = CargoRemote.objects.all()
    serializer_class = CargoRemoteSerializer
    queryset_filtering_required_permission = "cargo.view_cargoremote"

    DEFAULT_ACCESS_POLICY, LOCKED_ROLES = access_for(CargoRemote)
