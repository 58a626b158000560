"""Counts of downloads in the REST API."""

from rest_framework import serializers

from pulp_cargo.app.models import CrateDownloads, DailyDownloads, VersionDownloads
from pulp_cargo.app.serializers.shown_fields import ShownFields


class CrateDownloadsSerializer(ShownFields, serializers.ModelSerializer):
    """Shows how often a crate was downloaded from a registry."""

    name = serializers.CharField(read_only=True, help_text="The crate.")
    downloads = serializers.IntegerField(read_only=True, help_text="The number of downloads.")
    recent_downloads = serializers.IntegerField(
        source="recent", read_only=True, help_text="The number of downloads in the last 90 days."
    )
    last_download_at = serializers.DateTimeField(
        source="last_at", read_only=True, help_text="The time of the last download."
    )

    class Meta:
        model = CrateDownloads
        fields = ("name", "downloads", "recent_downloads", "last_download_at")
        ref_name = "cargo.CrateDownloads"


class VersionDownloadsSerializer(ShownFields, serializers.ModelSerializer):
    """Shows how often a version of a crate was downloaded from a registry."""

    name = serializers.CharField(source="crate.name", read_only=True, help_text="The crate.")
    vers = serializers.CharField(read_only=True, help_text="The version.")
    downloads = serializers.IntegerField(read_only=True, help_text="The number of downloads.")
    last_download_at = serializers.DateTimeField(
        source="last_at", read_only=True, help_text="The time of the last download."
    )

    class Meta:
        model = VersionDownloads
        fields = ("name", "vers", "downloads", "last_download_at")
        ref_name = "cargo.VersionDownloads"


class DailyDownloadsSerializer(ShownFields, serializers.ModelSerializer):
    """Shows how often a version of a crate was downloaded from a registry on a day."""

    name = serializers.CharField(
        source="version.crate.name", read_only=True, help_text="The crate."
    )
    vers = serializers.CharField(source="version.vers", read_only=True, help_text="The version.")
    day = serializers.DateField(read_only=True, help_text="The day in UTC.")
    downloads = serializers.IntegerField(read_only=True, help_text="The number of downloads.")

    class Meta:
        model = DailyDownloads
        fields = ("name", "vers", "day", "downloads")
        ref_name = "cargo.DailyDownloads"
