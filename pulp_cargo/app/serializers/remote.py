"""Upstream registries in the REST API."""

from rest_framework import serializers

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Remote

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.visible import CratePolicyField
from pulp_cargo.protocol.registry_url import parse_registry_url

SPARSE = ("sparse+https://", "sparse+http://")
# What PostgreSQL holds; no index file is older than 68 years.
MOST_SECONDS = 2**31 - 1


def default_policy() -> str:
    """Return when files come from a remote that was made without a word about it."""
    policy: str = Remote.ON_DEMAND
    return policy


class CargoRemoteSerializer(DocumentedFields, core.RemoteSerializer):
    """Shows and makes our record of an upstream registry."""

    url = serializers.CharField(
        help_text="The sparse index of the upstream registry as cargo's configuration has it,"
        " with a final slash: `sparse+https://crates.example.org/`."
    )
    policy = NamedChoiceField(
        "RemotePolicy",
        choices=Remote.POLICY_CHOICES,
        default=default_policy,
        help_text="When .crate files are downloaded: `immediate` with their index,"
        " `on_demand` when first asked for and then kept, `streamed` each time. The default is"
        " `on_demand`.",
    )

    token = serializers.CharField(
        required=False,
        allow_null=True,
        write_only=True,
        trim_whitespace=False,
        style={"input_type": "password"},
        help_text="The token for an upstream registry with `auth-required`, as cargo would send it.",
    )
    index_max_age = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_SECONDS,
        help_text="How long a cache serves an index file before it asks for it again, in seconds;"
        " null: as the setting `CARGO_UPSTREAM_MAX_AGE` says.",
    )
    stale_for = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_SECONDS,
        help_text="How long a cache serves an index file after that, in seconds, when the upstream"
        " cannot be asked; null: for ever.",
    )
    forbidden_means_missing = serializers.BooleanField(
        required=False,
        help_text="Whether the upstream answers 403 for crates that it does not have, as a bucket of"
        " S3 does that may not be listed. The default is false: 403 is a failure then.",
    )
    crate_policy = CratePolicyField(
        help_text="The rules for what may come in from this upstream, null for none."
    )

    class Meta:
        model = CargoRemote
        fields = (
            *core.RemoteSerializer.Meta.fields,
            "token",
            "index_max_age",
            "stale_for",
            "forbidden_means_missing",
            "crate_policy",
        )

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

    def validate_token(self, token: str | None) -> str | None:
        """Refuse what cannot be sent in a header."""
        if token is not None and not (token.isascii() and token.isprintable()):
            # Not the value: it is a secret.
            raise serializers.ValidationError("A token has printable ASCII characters only.")
        return token
