"""REST endpoints of repositories and their versions."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from pulpcore.plugin import viewsets as core
from pulpcore.plugin.actions import ModifyRepositoryActionMixin
from pulpcore.plugin.models import PulpTemporaryFile, RepositoryVersion
from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.util import get_domain

from pulp_cargo.app import tasks
from pulp_cargo.app.access import Verb, access_for, access_for_versions
from pulp_cargo.app.models import CargoRepository, VersionLabel
from pulp_cargo.app.queries.crates import by_name
from pulp_cargo.app.queries.crates.by_name import NamedVersion
from pulp_cargo.app.serializers import (
    CargoRepositorySerializer,
    ImportCratesSerializer,
    ModifyRepositorySerializer,
    NamedVersionSerializer,
    RemoveCratesSerializer,
    SyncSerializer,
)
from pulp_cargo.app.serializers.errors import refused_as_forbidden, refused_as_invalid
from pulp_cargo.app.serializers.import_crates import IMPORT_FOLDERS
from pulp_cargo.app.serializers.visible import visible
from pulp_cargo.app.services.repository_use import (
    require_changeable,
    require_modifiable,
    require_permitted_for_sync,
    require_replaceable,
)
from pulp_cargo.app.viewsets.closure import CLOSURE_VERBS, ClosureMixin
from pulp_cargo.app.viewsets.in_use import ProtectedByLists
from pulp_cargo.app.viewsets.odd_requests import RefusesOddRequests
from pulp_cargo.app.viewsets.owners import OWNER_VERBS, CrateOwnersMixin
from pulp_cargo.app.viewsets.past import PAST_VERBS, PastMixin
from pulp_cargo.app.viewsets.reference_filters import (
    CargoRepositoryFilter,
    CargoRepositoryVersionFilter,
)
from pulp_cargo.app.viewsets.snapshots import SNAPSHOT_VERBS, SnapshotsMixin

UPLOAD = "has_upload_param_model_or_domain_or_obj_perms:core.change_upload"


class CargoRepositoryViewSet(
    RefusesOddRequests,
    ProtectedByLists,
    ClosureMixin,
    CrateOwnersMixin,
    PastMixin,
    SnapshotsMixin,
    core.RepositoryViewSet,
    ModifyRepositoryActionMixin,
    core.RolesMixin,
):
    """
    A repository of crates and yank marks. Every publish, yank and `modify` creates a new version of
    it; `modify` with an older version as `base_version` rolls back to that one. The role
    `publisher` is for users who upload and copy crates, but do not administer the repository
    itself.
    """

    endpoint_name = "cargo"
    queryset = CargoRepository.objects.exclude(user_hidden=True)
    serializer_class = CargoRepositorySerializer
    filterset_class = CargoRepositoryFilter
    queryset_filtering_required_permission = "cargo.view_cargorepository"

    DEFAULT_ACCESS_POLICY, LOCKED_ROLES = access_for(
        CargoRepository,
        also=[
            Verb(("modify",), "modify"),
            Verb(("sync",), "sync", refers=True),
            Verb(("import_crates",), "modify", conditions=(UPLOAD,)),
            Verb(("yank", "unyank", "remove"), "modify"),
            *CLOSURE_VERBS,
            *OWNER_VERBS,
            *PAST_VERBS,
            *SNAPSHOT_VERBS,
        ],
        roles={"publisher": ["view", "modify"]},
        refers_to=[("remote", "cargoremote")],
    )

    @extend_schema(
        description="Trigger an asynchronous task to create a new repository version.",
        summary="Modify Repository Content",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=ModifyRepositorySerializer)
    def modify(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Do the same as core, with content that the user may view."""
        self._modifiable(request)
        return super().modify(request, pk, **kwargs)

    @extend_schema(
        description="Trigger an asynchronous task that syncs the repository with an upstream"
        " registry. The result of the task has the new `repository_version`, if there is one, and"
        " what was refused: `refused_count`, and of these up to a thousand as `refused`.",
        summary="Sync from a remote",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=SyncSerializer)
    def sync(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Start the task, after checking whether it is allowed."""
        repository = self.get_object()
        serializer = SyncSerializer(
            data=request.data, context={"request": request, "repository_pk": pk}
        )
        serializer.is_valid(raise_exception=True)
        remote = (serializer.validated_data.get("remote") or repository.remote).cast()
        mirror = serializer.validated_data["mirror"]
        accept_older = serializer.validated_data["accept_older_snapshot"]
        with refused_as_forbidden():
            require_permitted_for_sync(repository, remote, mirror=mirror, user=request.user)
            if accept_older:
                require_changeable(remote, request.user)
        if mirror:
            with refused_as_invalid():
                require_replaceable(repository, user=request.user)
        task = dispatch(
            tasks.synchronize,
            shared_resources=[remote],
            exclusive_resources=[repository],
            kwargs={
                "remote_pk": str(remote.pk),
                "repository_pk": pk,
                "mirror": mirror,
                "selection": serializer.selection(remote).values,
                "accept_older_snapshot": accept_older,
            },
        )
        return core.OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Import .crate files",
        description="Trigger an asynchronous task that adds the .crate files of a tar archive, or of"
        " a folder on the server, in one repository version. Yanks and publication times are taken"
        " from an index in the source, if it has one. The result of the task has the numbers of"
        " versions that were `added`, that were already `there`, that are `yanked` in the source,"
        " and that an index has `without_file`; the numbers of added `owners`, of `ignored` files"
        " and of `refused` files; and the `problems`: the first 1,000 of the refused files, each"
        " with the reason.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=ImportCratesSerializer)
    def import_crates(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Dispatch the import of an archive or a folder."""
        repository = self._modifiable(request)
        serializer = ImportCratesSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        if "path" in asked and not request.user.has_perm(IMPORT_FOLDERS):
            raise PermissionDenied(
                f"importing a folder of the server requires the permission `{IMPORT_FOLDERS}`"
            )
        upload = asked.get("upload")
        task = dispatch(
            tasks.import_crates,
            exclusive_resources=[repository, upload] if upload else [repository],
            kwargs={"repository": str(repository.pk), **self._source(asked)},
        )
        return core.OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Yank a crate version",
        description="Trigger an asynchronous task that creates a repository version in which the"
        " crate version is yanked. If it already is, no version is created.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=NamedVersionSerializer)
    def yank(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Start the task, unless the version is not there."""
        return self._set_yanked(request, yanked=True)

    @extend_schema(
        summary="Unyank a crate version",
        description="Trigger an asynchronous task that creates a repository version in which the"
        " crate version is not yanked. If it is not, no version is created.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=NamedVersionSerializer)
    def unyank(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Start the task, unless the version is not there."""
        return self._set_yanked(request, yanked=False)

    @extend_schema(
        summary="Remove crate versions",
        description="Trigger an asynchronous task that creates a repository version without these"
        " crate versions and their yank marks. If one of them does not exist, nothing is"
        " changed.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=RemoveCratesSerializer)
    def remove(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Start the task, unless one of them is missing."""
        repository = self._modifiable(request)
        serializer = RemoveCratesSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data["crates"]
        pairs = [(one.name, str(one.vers)) for one in wanted]
        return self._change(request, tasks.remove, repository, wanted, crates=pairs)

    def _modifiable(self, request: Request) -> CargoRepository:
        """Return the repository, if the user may modify it."""
        repository: CargoRepository = self.get_object()
        with refused_as_forbidden():
            require_modifiable(repository, request.user)
        return repository

    def _set_yanked(self, request: Request, *, yanked: bool) -> Response:
        repository = self._modifiable(request)
        serializer = NamedVersionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        arguments = {"name": wanted.name, "vers": str(wanted.vers), "yanked": yanked}
        return self._change(request, tasks.set_yanked, repository, [wanted], **arguments)

    def _change(
        self,
        request: Request,
        task: Callable[..., None],
        repository: CargoRepository,
        wanted: Sequence[NamedVersion],
        **arguments: Any,
    ) -> Response:
        """Dispatch a task for existing versions, so that a wrong name is reported at once."""
        with refused_as_invalid():
            by_name.units(repository.pk, wanted)
        started = dispatch(
            task,
            exclusive_resources=[repository],
            kwargs={"repository": str(repository.pk), **arguments},
        )
        return core.OperationPostponedResponse(started, request)

    @staticmethod
    def _source(asked: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of an import; a file is stored where all workers can read it."""
        options = {"strict": asked["strict"], "owners": asked["owners"]}
        if "path" in asked:
            return options | {"path": asked["path"]}
        if "upload" in asked:
            return options | {"upload": str(asked["upload"].pk)}
        stored = PulpTemporaryFile.init_and_validate(asked["file"])
        stored.save()
        return options | {"temporary_file": str(stored.pk)}


class CargoRepositoryVersionViewSet(RefusesOddRequests, core.RepositoryVersionViewSet):
    """The content of a repository at one time; it never changes."""

    parent_viewset = CargoRepositoryViewSet
    filterset_class = CargoRepositoryVersionFilter

    DEFAULT_ACCESS_POLICY = access_for_versions()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Answer for a repository that the user may not view as for one that does not exist.

        Core answers with a 403, or a 401 without credentials, only if it exists.
        """
        try:
            super().initial(request, *args, **kwargs)
        except Http404:
            if not request.user.is_authenticated:
                self.permission_denied(request)
            raise
        except PermissionDenied:
            # A token that lacks a scope has no user.
            if request.user.is_authenticated:
                seen = visible(request, CargoRepository)
                get_object_or_404(seen, pk=self.kwargs["repository_pk"])
            raise

    def get_queryset(self) -> QuerySet[RepositoryVersion]:
        """Limit to the domain of the URL, for which roles were checked; core does not."""
        return super().get_queryset().filter(repository__pulp_domain=get_domain())

    @extend_schema(
        description="Trigger an asynchronous task to delete a repository version.",
        responses={202: AsyncOperationResponseSerializer},
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Do the same as core, except for a version that has a label."""
        labels = VersionLabel.objects.filter(version=self.get_object()).order_by("label")
        if named := ", ".join(f"`{one}`" for one in labels.values_list("label", flat=True)[:5]):
            raise ValidationError(
                f"the version has a label ({named}) and cannot be deleted: remove the label first"
            )
        return super().destroy(request, *args, **kwargs)
