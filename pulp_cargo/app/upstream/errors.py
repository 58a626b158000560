"""The error of a sync that cannot proceed; the task turns it into the error that Pulp shows."""

from pulp_cargo.protocol.errors import RegistryError

ONLY_NAMED = "from a sparse index, only a registry of Pulp can be synced without selecting crates"


class CannotCopy(RegistryError):
    """The upstream has no usable listing, or not one of its files."""

    status = 502


class NoListing(CannotCopy):
    """The upstream is no registry of Pulp, so only crates that are named can be synced."""
