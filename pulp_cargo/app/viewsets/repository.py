"""REST endpoints of repositories and their versions."""

from pulpcore.plugin import viewsets as core
from pulpcore.plugin.actions import ModifyRepositoryActionMixin

from pulp_cargo.app.access import access_for, access_for_versions
from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.serializers import CargoRepositorySerializer


class CargoRepositoryViewSet(core.RepositoryViewSet, ModifyRepositoryActionMixin, core.RolesMixin):
    """
    A repository of crates and yank marks. Every publish, yank and `modify` makes a new version of
    it; `modify` with an older version as `base_version` rolls back to that one.
    """

    endpoint_name = "cargo"
    queryset = CargoRepository.objects.exclude(user_hidden=True)
    serializer_class = CargoRepositorySerializer
    queryset_filtering_required_permission = "cargo.view_cargorepository"

    DEFAULT_ACCESS_POLICY, LOCKED_ROLES = access_for(
        CargoRepository, also=["modify"], refers_to=[("remote", "cargoremote")]
    )


class CargoRepositoryVersionViewSet(core.RepositoryVersionViewSet):
    """What a repository held at one moment; it never changes."""

    parent_viewset = CargoRepositoryViewSet

    DEFAULT_ACCESS_POLICY = access_for_versions()
