"""REST endpoints of distributions, which are cargo's registries."""

from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from pulpcore.plugin import viewsets as core

from pulp_cargo.app.access import Verb, access_for
from pulp_cargo.app.models import CargoDistribution, CargoUpstream
from pulp_cargo.app.queries.names.collisions import collisions
from pulp_cargo.app.queries.names.explain import explain
from pulp_cargo.app.queries.registry.registry import registry_of
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.serializers import CargoConfigSerializer, CargoDistributionSerializer
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.explain import (
    CollisionsQuerySerializer,
    CollisionsSerializer,
    ExplainQuerySerializer,
    ExplanationSerializer,
    NamesUpstreamSerializer,
    checked,
)
from pulp_cargo.app.serializers.shown_fields import ShownFields
from pulp_cargo.app.viewsets.downloads import DownloadsMixin
from pulp_cargo.app.viewsets.lock_file import LockFileMixin
from pulp_cargo.app.viewsets.odd_requests import RefusesOddRequests
from pulp_cargo.app.viewsets.reference_filters import CargoDistributionFilter
from pulp_cargo.app.viewsets.search import SearchMixin
from pulp_cargo.rules.upstream_order import Order

UPSTREAMS = CargoUpstream.objects.select_related("repository__pulp_domain", "remote__pulp_domain")

# Reports do not have the parameters of lists of distributions.
REPORT: dict[str, Any] = {"filterset_class": None}


def _answered_201(action: str) -> Any:
    """Return the schema of one of core's actions: it answers 201 here too, and the schema said 200."""
    shown = getattr(core.DistributionViewSet, action).kwargs["serializer_class"]
    return extend_schema(responses={201: shown})


@extend_schema_view(set_label=_answered_201("set_label"), unset_label=_answered_201("unset_label"))
class CargoDistributionViewSet(
    RefusesOddRequests,
    SearchMixin,
    LockFileMixin,
    DownloadsMixin,
    core.DistributionViewSet,
    core.RolesMixin,
):
    """
    A registry: the URL of a repository's crates for cargo, and what cargo may do there. The
    roles `publisher` and `reader` are for the users of the registry.
    """

    endpoint_name = "cargo"
    # Lists need these of each row; the ids of a version's whole content are megabytes.
    queryset = CargoDistribution.objects.select_related(
        "pulp_domain", "content_guard", "repository_version__repository"
    ).defer("repository_version__content_ids")
    # Prefetched, since each row of a list has its upstreams.
    queryset = queryset.prefetch_related(Prefetch("upstreams", UPSTREAMS))
    serializer_class = CargoDistributionSerializer
    filterset_class = CargoDistributionFilter
    queryset_filtering_required_permission = "cargo.view_cargodistribution"

    DEFAULT_ACCESS_POLICY, LOCKED_ROLES = access_for(
        CargoDistribution,
        also=[
            Verb(("config",), "view"),
            Verb(("explain", "collisions", "collisions_with"), "read"),
            Verb(("check", "prefetch", "search"), "read"),
            Verb(("downloads", "version_downloads", "daily_downloads"), "read"),
        ],
        refers_to=[("repository", "cargorepository"), ("remote", "cargoremote")],
        roles={
            "publisher": ["view", "read", "publish", "yank", "change_owners"],
            "reader": ["view", "read"],
        },
    )

    @extend_schema(
        summary="Read the lines for cargo's configuration",
        description="Return the lines to add to cargo's config.toml.",
        responses={200: CargoConfigSerializer},
    )
    @action(detail=True, methods=["get"], serializer_class=CargoConfigSerializer)
    def config(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return the registry's `config.toml`."""
        registry = registry_of(self.get_object())
        found = {"config": registry.cargo_config(for_readers=True)}
        return self._shown(CargoConfigSerializer, found)

    @extend_schema(
        summary="Explain which upstream answers",
        description="Return which of the `upstreams` answers for a crate, by which rule, and what"
        " each upstream has of the crate. No requests are sent to upstreams.",
        parameters=[ExplainQuerySerializer],
        responses={200: ExplanationSerializer},
    )
    @action(detail=True, methods=["get"], **REPORT, serializer_class=ExplanationSerializer)
    def explain(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return the explanation from what is known here."""
        upstreams, order = self._listed()
        asked = checked(ExplainQuerySerializer, request.query_params)
        with refused_as_invalid():
            explanation = explain(upstreams, order, asked["name"])
        return self._shown(ExplanationSerializer, explanation)

    @extend_schema(
        summary="Find names that are both private and upstream",
        description="List the crates in private repositories of the `upstreams` that, according"
        " to cached index files, also exist in one of their remotes. No requests are sent to"
        " upstreams.",
        parameters=[CollisionsQuerySerializer],
        responses={200: CollisionsSerializer},
    )
    @action(detail=True, methods=["get"], **REPORT, serializer_class=CollisionsSerializer)
    def collisions(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return a page, in the order of the canonical names."""
        upstreams, _ = self._listed()
        asked = checked(CollisionsQuerySerializer, request.query_params)
        found = collisions(upstreams, after=asked["after"], limit=asked["limit"] + 1)
        page = found[: asked["limit"]]
        more = page[-1].canonical_name if len(found) > len(page) else None
        return self._shown(CollisionsSerializer, {"results": page, "next_after": more})

    @extend_schema(
        summary="Find which of these names are private",
        description="List those of the names in the request that are names of crates in private"
        " repositories of the `upstreams`. The names can be those in a copy of an upstream's"
        " index.",
        request=NamesUpstreamSerializer,
        responses={200: CollisionsSerializer},
    )
    @collisions.mapping.post
    def collisions_with(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return all of them."""
        upstreams, _ = self._listed()
        names = checked(NamesUpstreamSerializer, request.data)["names"]
        found = collisions(upstreams, after="", limit=len(names), names=names)
        return Response(CollisionsSerializer({"results": found, "next_after": None}).data)

    def _shown(self, kind: type[ShownFields], found: object) -> Response:
        """Return the response with the requested fields."""
        return Response(kind(found, context={"request": self.request}).data)

    def _listed(self) -> tuple[tuple[Upstream, ...], Order]:
        """Return the list of upstreams and its order; raises a 400 for a registry without one."""
        registry = registry_of(self.get_object())
        if registry.upstreams.order is None:
            raise ValidationError(f"`{registry.name}` has no list of upstreams.")
        return registry.upstreams.listed, registry.upstreams.order
