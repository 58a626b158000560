"""Why a registry cannot be copied; the task of a sync turns it into the error that Pulp shows."""

from pulp_cargo.protocol.errors import RegistryError


class CannotCopy(RegistryError):
    """The upstream has no listing or file that can be used."""

    status = 502
