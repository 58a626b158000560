"""Actions of repositories for the dependencies of their crates: checks, and promotions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pulpcore.plugin import viewsets as core
from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch

from pulp_cargo.app import tasks
from pulp_cargo.app.access import Verb
from pulp_cargo.app.queries.crates import by_name
from pulp_cargo.app.serializers.closure import (
    CheckClosureSerializer,
    ClosureReportSerializer,
    DependencyScopeSerializer,
    PromoteSerializer,
    PromotionPlanSerializer,
)
from pulp_cargo.app.serializers.errors import refused_as_forbidden, refused_as_invalid
from pulp_cargo.app.services.closure.check import check_crates
from pulp_cargo.app.services.closure.promotion_plan import plan
from pulp_cargo.app.services.closure.rendered import plan_json, report_json
from pulp_cargo.app.services.process import this_process
from pulp_cargo.app.services.repository_use import require_modifiable

CLOSURE_VERBS = (
    Verb(("check_closure", "check_dependencies"), "view"),
    Verb(("promote",), "modify"),
)


class ClosureMixin:
    """Adds actions for dependencies to the viewset of repositories."""

    @extend_schema(
        summary="Check what crates need",
        description="Return whether everything that cargo may need for some crates is in the newest"
        " version of the repository, and can be downloaded. Nothing is changed.",
        request=CheckClosureSerializer,
        responses={201: ClosureReportSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=CheckClosureSerializer)
    def check_closure(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return the report."""
        repository = self.get_object()
        serializer = CheckClosureSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with refused_as_invalid():
            report = check_crates(repository, serializer.roots, serializer.scope)
        shown = ClosureReportSerializer(report_json(report))
        # The status of core's actions; the schema has 201 for them in any case.
        return Response(shown.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Check the dependencies of all crates",
        description="Trigger an asynchronous task that checks whether the dependencies of each"
        " version in the repository are there, and can be downloaded. The result of the task is a"
        " report like that of `check_closure`.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=DependencyScopeSerializer)
    def check_dependencies(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Start the task, which only reads the repository."""
        repository = self.get_object()
        serializer = DependencyScopeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        task = dispatch(
            tasks.check_dependencies,
            shared_resources=[repository],
            kwargs={
                "repository": str(repository.pk),
                "all_features": asked["all_features"],
                "targets": asked.get("targets"),
            },
        )
        return core.OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Promote crates from another repository",
        description="Trigger an asynchronous task that copies crate versions from another"
        " repository, with those of their dependencies that are missing here. Either all of them are"
        " copied, in one repository version, or none. The result of the task is the plan, with the"
        " new `repository_version`. With `dry_run`, there is no task: the response is the plan.",
        request=PromoteSerializer,
        responses={201: PromotionPlanSerializer, 202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=PromoteSerializer)
    def promote(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return the plan, or start the task, for users who may also view the source."""
        target = self.get_object()
        with refused_as_forbidden():
            require_modifiable(target, request.user)
        serializer = PromoteSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        source = asked["source"]
        with refused_as_invalid():
            by_name.units(source.pk, asked["crates"])
            if asked["dry_run"]:
                advisories = this_process().services.cache.advisories
                planned = plan(
                    advisories, source, target, asked["crates"], closure=asked["closure"]
                )
                shown = PromotionPlanSerializer(plan_json(planned))
                return Response(shown.data, status=status.HTTP_201_CREATED)
        task = dispatch(
            tasks.promote,
            shared_resources=[source],
            exclusive_resources=[target],
            kwargs={
                "source": str(source.pk),
                "target": str(target.pk),
                "crates": [(one.name, str(one.vers)) for one in asked["crates"]],
                "closure": asked["closure"],
            },
        )
        return core.OperationPostponedResponse(task, request)
