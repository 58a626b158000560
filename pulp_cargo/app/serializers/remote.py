"""Upstream registries in the REST API."""

from rest_framework import serializers

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Remote

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.protocol.registry_url import parse_registry_url

SPARSE = ("sparse+https://", "sparse+http://")


class CargoRemoteSerializer(DocumentedFields, core.RemoteSerializer):
    """Shows and makes our record of an upstream registry."""

    url = serializers.CharField(
        help_text="The sparse index of the upstream registry as cargo's configuration has it,"
        " with a final slash: `sparse+https://crates.example.org/`."
    )
    policy = serializers.ChoiceField(
        choices=Remote.POLICY_CHOICES,
        default=Remote.IMMEDIATE,
        help_text="When .crate files are downloaded: `immediate` with their index,"
        " `on_demand` when first asked for and then kept, `streamed` each time.",
    )

    class Meta:
        model = CargoRemote
        fields = core.RemoteSerializer.Meta.fields

    def validate_url(self, url: str) -> str:
        """Refuse what is not the URL of a sparse index, or holds a password."""
        if not url.startswith(SPARSE):
            raise serializers.ValidationError(
                f"the URL {url!r} is not that of a sparse index: it must begin with"
                " `sparse+https://` or `sparse+http://`, as in cargo's configuration"
            )
        with refused_as_invalid():
            parse_registry_url(url)
        return super().validate_url(url)
