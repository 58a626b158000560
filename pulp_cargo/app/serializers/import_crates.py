"""The sources of requests to import, and the options of an import of `.crate` files."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.app.serializers.visible import VisibleUploadField
from pulp_cargo.app.services.imports.folder import allowed_path
from pulp_cargo.app.services.process import this_process

# The permission of Pulp's own imports from the folders of the server, which have files of all tenants.
IMPORT_FOLDERS = "core.add_pulpimport"


class ImportedFileSerializer(core.ValidateFieldsMixin, StorableRequest):
    """Accepts what is imported as a file in the request, or as an earlier upload."""

    sources: tuple[str, ...] = ("file", "upload")

    file = serializers.FileField(required=False)
    upload = VisibleUploadField(
        help_text="An upload with such a file, if it is too large for one request.",
    )

    def validate_file(self, file: UploadedFile) -> UploadedFile:
        """Refuse an archive before it is stored, if there is no room for more."""
        with refused_as_invalid():
            this_process().services.disk.require_room()
        return file

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Require one source."""
        data = super().validate(data)
        if sum(source in data for source in self.sources) != 1:
            raise serializers.ValidationError(
                f"Exactly one of {', '.join(self.sources)} must be specified."
            )
        return data


class ImportCratesSerializer(ImportedFileSerializer):
    """Accepts an archive, or a folder's path."""

    sources = ("file", "upload", "path")

    file = serializers.FileField(
        required=False,
        help_text="A tar archive with .crate files, and optionally the index of the registry that"
        " they are from, uncompressed or compressed with gzip.",
    )
    path = serializers.CharField(
        required=False,
        max_length=4096,
        help_text="The absolute path of a folder on the server with such files, below one of the"
        " folders in the setting ALLOWED_IMPORT_PATHS. This requires the permission"
        " `core.add_pulpimport`, which administrators have.",
    )
    strict = serializers.BooleanField(
        default=False, help_text="Whether nothing is imported if a file is refused."
    )
    owners = serializers.BooleanField(
        default=False,
        help_text="Whether owners of crates are imported as well. This requires a database of"
        " kellnr in the source. Owners are matched with users by their names, and added to crates"
        " that have no owners.",
    )

    def validate_path(self, path: str) -> str:
        """Refuse a path outside of the allowed folders."""
        with refused_as_invalid():
            allowed_path(path)
        return path

    class Meta:
        ref_name = "cargo.ImportCrates"
