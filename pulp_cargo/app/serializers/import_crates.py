"""The archive of .crate files in a request to import it."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Upload

from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.app.services.process import this_process


class ImportCratesSerializer(core.ValidateFieldsMixin, StorableRequest):
    """Accepts an archive as a file in the request, or as an earlier upload."""

    file = serializers.FileField(
        required=False,
        help_text="A tar archive of .crate files, uncompressed or compressed with gzip.",
    )
    upload = core.RelatedField(
        required=False,
        view_name="uploads-detail",
        queryset=Upload.objects.all(),
        help_text="An upload with such an archive, if it is too large for one request.",
    )

    def validate_file(self, file: UploadedFile) -> UploadedFile:
        """Refuse an archive before it is stored, if there is no room for more."""
        with refused_as_invalid():
            this_process().services.disk.require_room()
        return file

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Require one archive."""
        data = super().validate(data)
        if len(data) != 1:
            raise serializers.ValidationError("Exactly one of file, upload must be specified.")
        return data

    class Meta:
        ref_name = "cargo.ImportCrates"
