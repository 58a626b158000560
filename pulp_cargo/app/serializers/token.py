"""Tokens in the REST API; a secret is shown only once."""

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from rest_framework import serializers

from pulpcore.plugin import serializers as core
from pulpcore.plugin.util import assign_role, get_domain

from pulp_cargo.app.models import CargoDistribution, CargoToken
from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.visible import UsableDistributionField
from pulp_cargo.app.services import tokens
from pulp_cargo.rules.patterns import parse_pattern
from pulp_cargo.rules.token_scopes import Scope, is_expired

DEFAULT_SCOPES = [Scope.READ, Scope.PUBLISH_NEW, Scope.PUBLISH_UPDATE, Scope.YANK]


class UserField(serializers.SlugRelatedField):
    """Accepts a user by name, without revealing which names exist."""

    def to_internal_value(self, data: Any) -> AbstractBaseUser:
        """Refuse an unknown name like a user that the requester may not change."""
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError:
            asker = self.context["request"].user
            if asker.is_superuser or asker.has_perm("core.view_user"):
                raise
            raise _not_yours(str(data)) from None


def _not_yours(username: str) -> serializers.ValidationError:
    return serializers.ValidationError(
        f"Only `{username}`, or an administrator, can create a token for this user."
    )


class CargoTokenSerializer(DocumentedFields, core.ModelSerializer):
    """Shows and creates tokens."""

    pulp_href = core.IdentityField(view_name="cargo/tokens-detail")
    name = serializers.CharField(help_text="What the token is for; unique among its user's tokens.")
    pulp_labels = core.PulpLabelsField(required=False, validators=[core.pulp_labels_validator])
    user = UserField(
        slug_field="username",
        queryset=get_user_model().objects.all(),
        required=False,
        help_text="The user whose rights the token has; by default, yourself. For another user, you"
        " need the right to change that user.",
    )
    scopes = serializers.ListField(
        child=NamedChoiceField("TokenScope", choices=[scope.value for scope in Scope]),
        default=[scope.value for scope in DEFAULT_SCOPES],
        allow_empty=False,
        help_text="What the token allows; it never allows more than its user may do. `api` is for Pulp's"
        " REST API; what it allows there depends on the other scopes.",
    )
    crate_patterns = serializers.ListField(
        child=serializers.CharField(),
        default=list,
        help_text="The crates that the token may publish and yank, and whose owners it may"
        " change: names, or prefixes of names followed by `*`. By default, all crates.",
    )
    distribution = UsableDistributionField(
        required=False,
        allow_null=True,
        view_name="distributions-cargo/cargo-detail",
        queryset=CargoDistribution.objects.all(),
        help_text="The only distribution for which the token is valid, by href, PRN or name."
        " Responses have the href. Null means all distributions of the domain.",
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When the token expires; null for never."
    )
    last_used = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="When the token was last used, accurate to the hour; null if never.",
    )

    class Meta:
        model = CargoToken
        fields = (
            *core.ModelSerializer.Meta.fields,
            "name",
            "pulp_labels",
            "user",
            "scopes",
            "crate_patterns",
            "distribution",
            "expires_at",
            "last_used",
        )

    def validate_user(self, user: AbstractBaseUser) -> AbstractBaseUser:
        """Refuse to create a token for a user that the requester may not change."""
        asker = self.context["request"].user
        if user == asker or asker.is_superuser:
            return user
        may_change = asker.has_perm("core.change_user") or asker.has_perm("core.change_user", user)
        if user.is_superuser or not may_change:
            raise _not_yours(user.get_username())
        return user

    def validate_scopes(self, scopes: list[str]) -> list[str]:
        """Remove duplicate scopes."""
        return list(dict.fromkeys(scopes))

    def validate_crate_patterns(self, patterns: list[str]) -> list[str]:
        """Refuse invalid patterns."""
        with refused_as_invalid():
            return list(dict.fromkeys(parse_pattern(pattern) for pattern in patterns))

    def validate_expires_at(self, expires_at: datetime | None) -> datetime | None:
        """Refuse a time in the past."""
        if is_expired(expires_at, timezone.now()):
            raise serializers.ValidationError("This must be in the future.")
        return expires_at

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Fill in the user, and refuse a second token with the same name."""
        data = super().validate(data)
        if Scope.API in data["scopes"] and (data["crate_patterns"] or data.get("distribution")):
            raise serializers.ValidationError(
                {
                    "scopes": "A token with the scope `api` cannot be limited to certain crates or to a"
                    " registry."
                }
            )
        data.setdefault("user", self.context["request"].user)
        user = data["user"]
        if not isinstance(user, get_user_model()):
            raise serializers.ValidationError(
                {"user": "You are not a user of this Pulp: give the `user` of the token."}
            )
        same = CargoToken.objects.filter(name=data["name"], user=user, pulp_domain=get_domain())
        if same.exists():
            raise serializers.ValidationError(
                {"name": f"`{user.get_username()}` already has a token with this name."}
            )
        return data

    def create(self, validated_data: dict[str, Any]) -> CargoToken:
        """Create the token; the secret is only an attribute of the returned object."""
        token, secret = tokens.issue(**validated_data)
        if token.user != self.context["request"].user:
            assign_role("cargo.cargotoken_owner", token.user, token)
        token.secret = secret
        return token


class NewCargoTokenSerializer(CargoTokenSerializer):
    """Shows a new token, with its secret."""

    token = serializers.CharField(
        source="secret",
        read_only=True,
        help_text="The secret for cargo's `credentials.toml`. It cannot be shown again.",
    )

    class Meta(CargoTokenSerializer.Meta):
        fields = (*CargoTokenSerializer.Meta.fields, "token")
        ref_name = "cargo.NewCargoToken"
