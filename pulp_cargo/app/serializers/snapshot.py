"""Requests for snapshots of repository versions, and with bundles to import."""

from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.serializers.import_crates import ImportedFileSerializer
from pulp_cargo.app.serializers.past import HIGHEST_NUMBER
from pulp_cargo.app.serializers.storable import StorableRequest


class SnapshotSerializer(core.ValidateFieldsMixin, StorableRequest):
    """The repository version of which to make a snapshot."""

    number = serializers.IntegerField(
        min_value=0,
        max_value=HIGHEST_NUMBER,
        required=False,
        help_text="The number of the repository version; the default is the newest.",
    )

    class Meta:
        ref_name = "cargo.Snapshot"


class ImportBundleSerializer(ImportedFileSerializer):
    """Accepts a bundle as a file in the request, or as an earlier upload."""

    file = serializers.FileField(
        required=False, help_text="A bundle, as `pulp cargo bundle create` makes it."
    )
    mirror = serializers.BooleanField(
        default=False,
        help_text="Whether crates that the bundle's snapshot does not have are removed.",
    )

    class Meta:
        ref_name = "cargo.ImportBundle"
