"""Actions of repositories for snapshots and bundles, which others can check without this Pulp."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pulpcore.plugin import viewsets as core
from pulpcore.plugin.models import PulpTemporaryFile
from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch

from pulp_cargo.app import tasks
from pulp_cargo.app.access import Verb
from pulp_cargo.app.queries.repository.moments import newest_version, version_at
from pulp_cargo.app.serializers import ImportBundleSerializer, SnapshotSerializer
from pulp_cargo.app.serializers.errors import refused_as_forbidden, refused_as_invalid
from pulp_cargo.app.serializers.explain import checked
from pulp_cargo.app.services.repository_use import require_modifiable, require_replaceable
from pulp_cargo.app.services.snapshots import request as snapshot_request
from pulp_cargo.rules.moments import AtNumber

UPLOAD = "has_upload_param_model_or_domain_or_obj_perms:core.change_upload"
SNAPSHOT_VERBS = (
    Verb(("snapshot",), "modify"),
    Verb(("import_bundle",), "modify", conditions=(UPLOAD,)),
)


class SnapshotsMixin:
    """Adds actions for snapshots and bundles to the viewset of repositories."""

    @extend_schema(
        summary="Make a snapshot of a repository version",
        description="Trigger an asynchronous task that makes the snapshot of a repository version:"
        " a list of its crate versions, with their checksums and yank marks, signed by the"
        " repository's `signing_service` if it has one. The registries of the repository serve it as"
        " `snapshot.json`. It is made once for each version.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=SnapshotSerializer)
    def snapshot(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Start the task, unless there is no such version."""
        repository, wanted = self.get_object(), checked(SnapshotSerializer, request.data)
        with refused_as_invalid():
            if "number" in wanted:
                version = version_at(repository.pk, AtNumber(wanted["number"]))
            else:
                version = newest_version(repository.pk)
        task = snapshot_request.start(repository.pk, version.pk, version.number)
        return core.OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Import a bundle",
        description="Trigger an asynchronous task that verifies a bundle completely, and then adds"
        " its crates and yank marks in one repository version. If anything is wrong, nothing is"
        " imported. If the repository has `snapshot_keys`, one of them must have signed the"
        " bundle's snapshot.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=ImportBundleSerializer)
    def import_bundle(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Dispatch the import, after checking whether it is allowed."""
        repository = self.get_object()
        with refused_as_forbidden():
            require_modifiable(repository, request.user)
        serializer = ImportBundleSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        if wanted["mirror"]:
            with refused_as_invalid():
                require_replaceable(repository, user=request.user)
        sent, upload = self._sent(wanted)
        task = dispatch(
            tasks.import_bundle,
            exclusive_resources=[repository, *upload],
            kwargs={"repository": str(repository.pk), "mirror": wanted["mirror"], **sent},
        )
        return core.OperationPostponedResponse(task, request)

    @staticmethod
    def _sent(wanted: dict[str, Any]) -> tuple[dict[str, str], list[Any]]:
        """Return what names the bundle for the task, and the upload that it reserves, if any."""
        if upload := wanted.get("upload"):
            return {"upload": str(upload.pk)}, [upload]
        stored = PulpTemporaryFile.init_and_validate(wanted["file"])
        stored.save()
        return {"temporary_file": str(stored.pk)}, []
