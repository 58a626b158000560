"""What a request names as the archive of .crate files that is to be imported."""

from typing import Any

from rest_framework import serializers

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Upload


class ImportCratesSerializer(core.ValidateFieldsMixin, serializers.Serializer):
    """Takes an archive as a file of the request, or as an upload that was made before."""

    file = serializers.FileField(
        required=False, help_text="A tar archive of .crate files, plain or packed by gzip."
    )
    upload = core.RelatedField(
        required=False,
        view_name="uploads-detail",
        queryset=Upload.objects.all(),
        help_text="An upload that holds such an archive, for one that is too large for a request.",
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Require one archive."""
        data = super().validate(data)
        if len(data) != 1:
            raise serializers.ValidationError("Exactly one of file, upload must be specified.")
        return data

    class Meta:
        ref_name = "cargo.ImportCrates"
