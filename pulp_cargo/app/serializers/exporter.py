"""Exporters of registries, and their runs."""

import os
from typing import Any

from django.conf import settings
from pulp_glue.cargo.export.formats import FORMATS
from pulp_glue.cargo.export.git_index import GIT
from pulp_glue.cargo.export.index_files import STATIC, static_dl
from pulp_glue.cargo.export.versions import ExportError
from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.models import CargoDistribution, CargoExport, CargoExporter
from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.visible import VisibleDetailField


class CargoExporterSerializer(DocumentedFields, core.ExporterSerializer):
    """An exporter."""

    path = serializers.CharField(
        help_text="The folder to write, on the workers. It must be below one of the folders in the"
        " setting `ALLOWED_EXPORT_PATHS`."
    )
    format = NamedChoiceField(
        "ExportFormat",
        choices=FORMATS,
        help_text="The format: `static` (a sparse registry of plain files), `git` (a git index),"
        " `local-registry` or `directory` (sources of cargo).",
    )
    dl = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="For the formats `static` and `git`: the URL at which the folder `crates` of a"
        " static registry is served, or a URL with cargo's markers. Without this URL, a git index"
        " has the `config.json` of the registry.",
    )
    distribution = VisibleDetailField(
        view_name="distributions-cargo/cargo-detail",
        queryset=CargoDistribution.objects.all(),
        help_text="The registry to export.",
    )

    class Meta:
        model = CargoExporter
        fields = (*core.ExporterSerializer.Meta.fields, "path", "format", "dl", "distribution")

    @staticmethod
    def validate_path(value: str, check_is_dir: bool = False) -> str:
        """Do the same as core, which also allows folders whose names only begin like an allowed one."""
        core.ExporterSerializer.validate_path(value, check_is_dir)
        allowed = [os.path.realpath(one) for one in settings.ALLOWED_EXPORT_PATHS]
        real = os.path.realpath(value)
        if not any(os.path.commonpath([real, one]) == one for one in allowed):
            raise serializers.ValidationError(f"Path '{value}' is not an allowed export path")
        return value

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Check the URL for downloads, which depends on the format."""
        data = super().validate(data)
        kind = data.get("format", getattr(self.instance, "format", None))
        dl = data.get("dl", getattr(self.instance, "dl", None))
        if kind == STATIC and not dl:
            raise serializers.ValidationError(
                {"dl": "the format `static` requires a URL for downloads"}
            )
        if kind not in (STATIC, GIT) and dl:
            raise serializers.ValidationError(
                {"dl": f"the format `{kind}` does not use a URL for downloads"}
            )
        if dl:
            try:
                static_dl(dl)
            except ExportError as error:
                raise serializers.ValidationError({"dl": str(error)}) from error
        return data


class CargoExportSerializer(DocumentedFields, core.ExportSerializer):
    """A run of an exporter."""

    # Core would take it from a request, but a run is started without one.
    task = core.RelatedField(
        read_only=True, view_name="tasks-detail", help_text="The task that ran the export."
    )

    class Meta:
        model = CargoExport
        fields = core.ExportSerializer.Meta.fields
