"""Refusing to delete objects in a list of upstreams: names would lose their claims unnoticed."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.util import get_objects_for_user

from pulp_cargo.app.models import CargoDistribution

MOST_NAMED = 5


class ProtectedByLists:
    """A mixin for the viewsets of objects that lists refer to; precedes core's viewset."""

    @extend_schema(
        description="Trigger an asynchronous delete task",
        responses={202: AsyncOperationResponseSerializer},
    )
    def destroy(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Refuse at once if the task would fail."""
        wanted = self.get_object()
        lists = CargoDistribution.objects.filter(upstreams__in=wanted.cargo_cargoupstream.all())
        if lists.exists():
            seen = get_objects_for_user(request.user, "cargo.view_cargodistribution", lists)
            raise ValidationError(_sentence(wanted.name, seen.values_list("name", flat=True)))
        return super().destroy(request, pk, **kwargs)


def _sentence(name: str, seen: Iterable[str]) -> str:
    named = ", ".join(f"`{one}`" for one in sorted(seen)[:MOST_NAMED])
    where = f"the upstreams of {named}" if named else "a list of upstreams that you may not view"
    return f"`{name}` is in {where}: remove it from there before you delete it."
