"""Crate versions by name, for changes of a repository without hrefs."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from pulp_cargo.app.queries.crates.by_name import NamedVersion
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version

MOST_VERSIONS = 10_000


class NamedVersionSerializer(StorableRequest):
    """The name of a crate and one of its versions."""

    name = serializers.CharField(help_text="The name of the crate, in any spelling.")
    vers = serializers.CharField(help_text="The exact version, including build metadata.")

    class Meta:
        ref_name = "cargo.NamedVersion"

    def to_internal_value(self, data: Any) -> NamedVersion:
        """Refuse unknown fields, such as a checksum, which could mean another file."""
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            raise serializers.ValidationError(
                {str(key): ["Unexpected field"] for key in sorted(unknown, key=str)}
            )
        read = super().to_internal_value(data)
        return NamedVersion(read["name"], read["vers"])

    def validate_name(self, name: str) -> str:
        """Refuse invalid names."""
        with refused_as_invalid():
            return parse_crate_name(name)

    def validate_vers(self, vers: str) -> Any:
        """Refuse invalid versions."""
        with refused_as_invalid():
            return parse_version(vers)


class RemoveCratesSerializer(StorableRequest):
    """The crate versions to remove."""

    crates = NamedVersionSerializer(
        many=True,
        allow_empty=False,
        max_length=MOST_VERSIONS,
        help_text="The versions to remove, with their yank marks. If one of them is not in the"
        " repository, nothing is removed.",
    )

    class Meta:
        ref_name = "cargo.RemoveCrates"
