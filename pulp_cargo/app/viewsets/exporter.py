"""REST endpoints of exporters and their runs.

They write to the file systems of workers, so, as with core's exporters, only administrators may use
them: without an access policy of their own, Pulp allows nobody else.
"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from pulpcore.plugin import viewsets as core
from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch

from pulp_cargo.app import tasks
from pulp_cargo.app.models import CargoExport, CargoExporter
from pulp_cargo.app.serializers import CargoExporterSerializer, CargoExportSerializer
from pulp_cargo.app.viewsets.odd_requests import RefusesOddRequests


class CargoExporterViewSet(RefusesOddRequests, core.ExporterViewSet):
    """
    An exporter writes a registry into a folder, in a format that cargo reads without a registry
    server. For administrators only.
    """

    endpoint_name = "cargo"
    queryset = CargoExporter.objects.all()
    serializer_class = CargoExporterSerializer


class CargoExportViewSet(RefusesOddRequests, core.ExportViewSet):
    """The runs of an exporter."""

    parent_viewset = CargoExporterViewSet
    queryset = CargoExport.objects.all()
    serializer_class = CargoExportSerializer

    @extend_schema(
        summary="Run an exporter",
        description="Trigger an asynchronous task that writes what is new into the folder of the"
        " exporter. The result of the task is the number of crate versions in the export (`count`),"
        " the number of files or commits that were `added`, and the `problems`: the versions that"
        " could not be exported, at most 1000 of them, each with the reason.",
        request=None,
        responses={202: AsyncOperationResponseSerializer},
    )
    def create(self, request: Request, exporter_pk: str, **kwargs: Any) -> Response:
        """Start the task, after checking that the path is still allowed."""
        exporter = self.get_parent_object()
        CargoExporterSerializer.validate_path(exporter.path, check_is_dir=True)
        task = dispatch(
            tasks.export_registry,
            exclusive_resources=[exporter],
            shared_resources=[exporter.distribution],
            kwargs={"exporter": str(exporter.pk)},
        )
        return core.OperationPostponedResponse(task, request)
