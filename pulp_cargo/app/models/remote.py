"""Our record of an upstream registry."""

from pulpcore.plugin.models import AutoAddObjPermsMixin, Remote


class CargoRemote(Remote, AutoAddObjPermsMixin):
    """A registry to read from; its URL is a sparse index as cargo writes it."""

    TYPE = "cargo"

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        permissions = [("manage_roles_cargoremote", "Can manage roles on Cargo remotes")]
