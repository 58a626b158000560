"""The search of a registry in the REST API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pulp_cargo.app.queries.registry.registry import registry_of
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.explain import checked
from pulp_cargo.app.serializers.search import (
    PARAMETERS,
    FoundCratesSerializer,
    SearchQuerySerializer,
)
from pulp_cargo.app.services.catalog.find import find
from pulp_cargo.app.services.catalog.served import update
from pulp_cargo.app.services.process import this_process
from pulp_cargo.protocol.web_api.search import parse_search


class SearchMixin:
    """Adds `search` to the endpoints of distributions."""

    @extend_schema(
        summary="Search for crates",
        description="Return a page of the crates that `cargo search` finds in the registry.",
        parameters=[SearchQuerySerializer],
        responses={200: FoundCratesSerializer},
    )
    @action(
        detail=True,
        methods=["get"],
        filterset_class=None,
        serializer_class=FoundCratesSerializer,
    )
    def search(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return the same as the registry's web API."""
        registry = registry_of(self.get_object())
        asked = checked(SearchQuerySerializer, request.query_params)
        parameters = {name: [asked[name]] for name in PARAMETERS if name in asked}
        parameters["include_yanked"] = ["yes" if asked["include_yanked"] else "no"]
        with refused_as_invalid():
            query = parse_search(parameters)
            process = this_process()
            hits = process.loop.start(process.services.searches.ask(registry, query)).result()
            try:
                update(registry)
            except VersionGone:
                registry = registry_of(self.get_object())
                update(registry)
            total, crates = find(registry, query, hits)
        found = {"count": total, "results": crates}
        return Response(FoundCratesSerializer(found, context={"request": request}).data)
