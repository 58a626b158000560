"""Which registries accept publishes and yanks."""

from uuid import UUID

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.protocol.errors import UploadsNotAllowed


def require_repository(registry: Registry) -> UUID:
    """Return the repository to which a registry writes changes; raises UploadsNotAllowed."""
    if registry.pinned:
        raise UploadsNotAllowed(registry.name, "it serves one fixed repository version")
    if registry.content.repository is None:
        raise UploadsNotAllowed(registry.name, "it has no repository")
    if not registry.allow_uploads:
        raise UploadsNotAllowed(registry.name)
    return registry.content.repository
