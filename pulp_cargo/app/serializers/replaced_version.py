"""Versions whose bytes an upstream has replaced, in the REST API."""

from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.models import ReplacedVersion
from pulp_cargo.app.serializers.shown_fields import ShownFields
from pulp_cargo.app.serializers.storable import StorableRequest


class ReplacedVersionSerializer(ShownFields, serializers.ModelSerializer):
    """Shows a version whose bytes an upstream has replaced."""

    name = serializers.CharField(read_only=True, help_text="The name of the crate, in lower case.")
    vers = serializers.CharField(read_only=True, help_text="The version.")
    checksum_before = serializers.CharField(
        source="cksum_before", read_only=True, help_text="The previous SHA-256, in hex."
    )
    checksum = serializers.CharField(
        source="cksum", read_only=True, help_text="The SHA-256 that the upstream has now, in hex."
    )
    found_at = serializers.DateTimeField(
        read_only=True, help_text="When the change was first seen."
    )
    accepted_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="When the new bytes were accepted; null if they are not accepted.",
    )

    class Meta:
        model = ReplacedVersion
        fields = ("name", "vers", "checksum_before", "checksum", "found_at", "accepted_at")
        ref_name = "cargo.ReplacedVersion"


class AcceptReplacedVersionSerializer(core.ValidateFieldsMixin, StorableRequest):
    """The version whose new bytes are accepted."""

    name = serializers.CharField(help_text="The crate.")
    vers = serializers.CharField(help_text="The version.")
    checksum = serializers.CharField(help_text="The SHA-256 of the new bytes, in hex.")

    class Meta:
        ref_name = "cargo.AcceptReplacedVersion"
