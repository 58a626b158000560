"""The error of a sync that cannot proceed; the task turns it into the error that Pulp shows."""

from pulp_cargo.protocol.errors import RegistryError


class CannotCopy(RegistryError):
    """The upstream has no usable listing, or not one of its files."""

    status = 502
