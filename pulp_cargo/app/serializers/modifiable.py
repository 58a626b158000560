"""Requests that add content to a repository, which takes the right to modify it."""

from typing import Any

from rest_framework import serializers

from pulpcore.plugin.util import get_current_authenticated_user

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.serializers.errors import refused_as_forbidden
from pulp_cargo.app.services.repository_use import require_modifiable


class IntoModifiableRepository(serializers.Serializer):
    """A request with a `repository` that the user may modify."""

    def validate_repository(self, repository: Any) -> Any:
        """Refuse other repositories; those of other types are left to core."""
        if isinstance(repository, CargoRepository):
            with refused_as_forbidden():
                require_modifiable(repository, get_current_authenticated_user())
        return repository
