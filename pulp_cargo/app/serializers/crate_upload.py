"""The request that uploads a .crate file without a task."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.models import CargoRepository, CrateContent
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.modifiable import IntoModifiableRepository
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.app.serializers.visible import VisibleDetailField
from pulp_cargo.app.services.crates import crate_unit
from pulp_cargo.app.services.process import this_process
from pulp_cargo.app.services.publish import crate_upload


class CrateUploadSerializer(IntoModifiableRepository, core.ValidateFieldsMixin, StorableRequest):
    """Takes a .crate file, and the repository that it is added to."""

    file = serializers.FileField(help_text="The .crate file.")
    repository = VisibleDetailField(
        required=False,
        view_name="repositories-cargo/cargo-detail",
        queryset=CargoRepository.objects.all(),
        help_text="The repository to add the crate version to, in a new repository version.",
    )

    class Meta:
        ref_name = "cargo.CrateUpload"

    def validate_file(self, file: UploadedFile) -> UploadedFile:
        """Refuse a file that is too large before it is read."""
        with refused_as_invalid():
            crate_unit.require_size(file.size)
        return file

    def create(self, validated_data: dict[str, Any]) -> CrateContent:
        """Store the crate version; not in `validate`, which access policies call as well."""
        services = this_process().services
        with refused_as_invalid():
            return crate_upload.upload_crate(
                services.readers,
                services.disk,
                validated_data["file"].chunks(),
                validated_data.get("repository"),
            )
