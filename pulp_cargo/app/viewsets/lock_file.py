"""Actions of distributions for lock files."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from pulpcore.plugin import viewsets as core
from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch

from pulp_cargo.app import tasks
from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.queries.registry.registry import registry_of
from pulp_cargo.app.serializers import (
    LockFileCheckSerializer,
    LockFileCheckTextSerializer,
    LockFileReportSerializer,
    LockFileSerializer,
    LockFileTextSerializer,
)
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.services.lock_file import check as lock_check
from pulp_cargo.app.services.lock_file import prefetch_plan as prefetching
from pulp_cargo.app.services.process import this_process
from pulp_cargo.app.services.repository_use import may_modify
from pulp_cargo.rules.lock_check import Wanted


def _forms(text: type[Serializer], file: type[Serializer]) -> dict[str, type[Serializer]]:
    """Return the schemas of a request; JSON comes first, since generated clients use the first."""
    return {
        "application/json": text,
        "multipart/form-data": file,
        "application/x-www-form-urlencoded": file,
    }


class LockFileMixin:
    """Adds lock file actions to the viewset of distributions."""

    @extend_schema(
        summary="Check a lock file",
        description="Return for each package of a Cargo.lock whether the registry serves it, and"
        " if not, why. Nothing is changed.",
        request=_forms(LockFileCheckTextSerializer, LockFileCheckSerializer),
        responses={200: LockFileReportSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=LockFileCheckSerializer)
    def check(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return the report."""
        registry = registry_of(self.get_object())
        serializer = LockFileCheckSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        report = lock_check.check(
            this_process().refresher,
            registry,
            asked["lock_file"].lock,
            Wanted(offline=asked["offline"], fail_on_yanked=asked["fail_on_yanked"]),
            refresh=asked["refresh"],
            crates_io=asked["crates_io"],
            allow_sources=asked["allow_sources"],
        )
        return Response(LockFileReportSerializer(report).data)

    @extend_schema(
        summary="Prefetch the crates of a lock file",
        description="Trigger an asynchronous task that fetches the .crate files of a Cargo.lock"
        " that the registry has not stored yet, unless a crate policy refuses them. The"
        " result of the task is the number of files that were `fetched`, the number of files"
        " that were already `there`, and the `problems`.",
        request=_forms(LockFileTextSerializer, LockFileSerializer),
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=LockFileSerializer)
    def prefetch(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Start the task, for users who may modify the repositories that store the files."""
        distribution = self.get_object()
        serializer = LockFileSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with refused_as_invalid():
            stores = prefetching.stores(registry_of(distribution))
        repositories = list(CargoRepository.objects.filter(pk__in=stores))
        _require_right_to_modify(request, repositories)
        asked = serializer.validated_data
        task = dispatch(
            tasks.prefetch,
            # Not exclusively, so that files that cargo downloads meanwhile can be added as well.
            shared_resources=[distribution, *repositories],
            kwargs={
                "distribution": str(distribution.pk),
                "lock_file": asked["lock_file"].content.decode("utf-8-sig"),
                "crates_io": asked["crates_io"],
            },
        )
        return core.OperationPostponedResponse(task, request)


def _require_right_to_modify(request: Request, repositories: Iterable[CargoRepository]) -> None:
    for repository in repositories:
        if not may_modify(request.user, repository):
            raise PermissionDenied(
                f"The files would be added to the repository `{repository.name}`, which you may not"
                " modify."
            )
