"""REST endpoints of distributions, the registries as cargo sees them."""

from pulpcore.plugin import viewsets as core

from pulp_cargo.app.access import access_for
from pulp_cargo.app.models import CargoDistribution
from pulp_cargo.app.serializers import CargoDistributionSerializer


class CargoDistributionViewSet(core.DistributionViewSet, core.RolesMixin):
    """
    A registry: the URL under which cargo finds the crates of a repository, and what it may do
    there. The roles `publisher` and `reader` are for the users of the registry.
    """

    endpoint_name = "cargo"
    queryset = CargoDistribution.objects.all()
    serializer_class = CargoDistributionSerializer
    queryset_filtering_required_permission = "cargo.view_cargodistribution"

    DEFAULT_ACCESS_POLICY, LOCKED_ROLES = access_for(
        CargoDistribution,
        refers_to=[("repository", "cargorepository"), ("remote", "cargoremote")],
        roles={"publisher": ["view", "read", "publish", "yank"], "reader": ["view", "read"]},
    )
