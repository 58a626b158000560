"""Crate policies and the versions that they refused, in the REST API."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.models import CargoCratePolicy, PolicyRefusal
from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.shown_fields import ShownFields
from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.rules.licenses import parse_license_id
from pulp_cargo.rules.patterns import parse_pattern
from pulp_cargo.rules.verdicts import Rule

# A hundred years; larger numbers would leave the range of dates.
MOST_DAYS = 36_500
# Each entry is compared with the name of every requested crate.
MOST_LINES = 2_000
MOST_LICENSES = 1_000
LONGEST_REASON = 1_000


class CratePolicyLineSerializer(serializers.Serializer):
    """An entry of a list: versions of crates, and the reason."""

    crate = serializers.CharField(
        help_text="The crates: a name in any spelling, a prefix of names followed by `*`,"
        " or `*` for all."
    )
    versions = serializers.CharField(
        default="*",
        help_text="The versions, as a cargo requirement such as `>=1.2, <1.4`, which includes"
        " pre-releases; all by default.",
    )
    reason = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=LONGEST_REASON,
        help_text="The reason, which is part of error messages.",
    )

    class Meta:
        ref_name = "cargo.CratePolicyLine"

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Validate an entry as a whole, even if the policy is changed partially."""
        if isinstance(data, dict):
            self._require_its_fields(data)
            defaults = {n: f.default for n, f in self.fields.items() if not f.required}
            data = defaults | data
        return super().to_internal_value(data)

    def _require_its_fields(self, data: dict[str, Any]) -> None:
        faults = {name: ["Unexpected field"] for name in data if name not in self.fields}
        for name, field in self.fields.items():
            if field.required and name not in data:
                faults[name] = [field.error_messages["required"]]
        if faults:
            raise serializers.ValidationError(faults)

    def validate_crate(self, pattern: str) -> str:
        """Refuse invalid crate patterns."""
        with refused_as_invalid():
            return parse_pattern(pattern)

    def validate_versions(self, requirement: str) -> str:
        """Refuse requirements that cargo cannot parse."""
        with refused_as_invalid():
            parse_requirement(requirement)
        return requirement


class CratePolicyExceptionSerializer(CratePolicyLineSerializer):
    """An exception from the rules, with its reason and its end."""

    reason = serializers.CharField(
        max_length=LONGEST_REASON,
        help_text="The reason, which is part of error messages.",
    )
    ends = serializers.DateTimeField(
        default_timezone=UTC, help_text="When the exception ends, and the rules apply again."
    )

    class Meta:
        ref_name = "cargo.CratePolicyException"

    def validate_ends(self, ends: datetime) -> str:
        """Return the time in a form for JSON."""
        return ends.isoformat().replace("+00:00", "Z")


class CargoCratePolicySerializer(DocumentedFields, core.ModelSerializer):
    """Shows and creates crate policies."""

    pulp_href = core.IdentityField(view_name="cargo/crate-policies-detail")
    name = serializers.CharField(
        help_text="The name of the policy; unique in the domain.",
        validators=[core.DomainUniqueValidator(queryset=CargoCratePolicy.objects.all())],
    )
    pulp_labels = core.PulpLabelsField(required=False, validators=[core.pulp_labels_validator])
    cooldown_days = serializers.IntegerField(
        # Defaults are callable, here and elsewhere: see serializers/core_fields.
        default=int,
        min_value=0,
        max_value=MOST_DAYS,
        help_text="How many days old a version has to be before it is served, 0 for none. A version"
        " without a time of publication counts from when it was first seen here.",
    )
    allow = CratePolicyLineSerializer(
        many=True,
        default=None,
        allow_null=True,
        max_length=MOST_LINES,
        help_text="The only versions that are allowed; null allows all, an empty list none.",
    )
    block = CratePolicyLineSerializer(
        many=True,
        default=list,
        max_length=MOST_LINES,
        help_text="Versions that are blocked, even if they were served before; this overrides"
        " all other rules.",
    )
    exceptions = CratePolicyExceptionSerializer(
        many=True,
        default=list,
        max_length=MOST_LINES,
        help_text="Versions for which only the block list applies until the exception ends.",
    )
    licenses = serializers.ListField(
        child=serializers.CharField(),
        default=None,
        allow_null=True,
        max_length=MOST_LICENSES,
        help_text="The SPDX ids of the allowed licences; null allows all. A"
        " licence is known once the file of the version has been fetched.",
    )
    hide_yanked = serializers.BooleanField(
        default=bool,
        help_text="Whether yanked versions are left out, unless they were served before;"
        " false by default.",
    )
    dry_run = serializers.BooleanField(
        default=bool,
        help_text="Whether the policy only records what it would refuse, and refuses nothing;"
        " false by default.",
    )

    class Meta:
        model = CargoCratePolicy
        fields = (
            *core.ModelSerializer.Meta.fields,
            "name",
            "pulp_labels",
            "cooldown_days",
            "allow",
            "block",
            "exceptions",
            "licenses",
            "hide_yanked",
            "dry_run",
        )

    def validate_licenses(self, licenses: list[str] | None) -> list[str] | None:
        """Refuse what is no licence of SPDX's list, and remove duplicates."""
        if licenses is None:
            return None
        with refused_as_invalid():
            return list(dict.fromkeys(parse_license_id(license_id) for license_id in licenses))


class PolicyRefusalSerializer(ShownFields, serializers.ModelSerializer):
    """Shows a version that a policy refused, or would have refused."""

    name = serializers.CharField(read_only=True, help_text="The crate.")
    vers = serializers.CharField(read_only=True, help_text="The version.")
    rule = NamedChoiceField(
        "CratePolicyRule",
        choices=[rule.value for rule in Rule],
        read_only=True,
        help_text="The rule that decided: `block`, `allow`, `license`, `yanked` or `cooldown`.",
    )
    sentence = serializers.CharField(read_only=True, help_text="The reason, in a sentence.")
    dry_run = serializers.BooleanField(
        read_only=True, help_text="Whether this was a dry run, so that the version was served."
    )
    first_at = serializers.DateTimeField(read_only=True, help_text="When this happened first.")
    last_at = serializers.DateTimeField(read_only=True, help_text="When this happened last.")
    times = serializers.IntegerField(
        read_only=True,
        help_text="How often: for refused downloads, and in a dry run for downloads and index files.",
    )

    class Meta:
        model = PolicyRefusal
        fields = ("name", "vers", "rule", "sentence", "dry_run", "first_at", "last_at", "times")
        ref_name = "cargo.PolicyRefusal"
