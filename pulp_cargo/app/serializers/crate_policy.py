"""Crate policies in the REST API: rules for what may come in, and what they held back."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.models import CargoCratePolicy, HeldVersion
from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.shown_fields import ShownFields
from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.rules.licenses import parse_license_id
from pulp_cargo.rules.patterns import parse_pattern
from pulp_cargo.rules.verdicts import Rule

# A hundred years; no date can lie further back than its calendar.
MOST_DAYS = 36_500
# Each line is compared with the name of every crate that is asked for.
MOST_LINES = 2_000
MOST_LICENSES = 1_000
LONGEST_REASON = 1_000


class CratePolicyLineSerializer(serializers.Serializer):
    """A line of a list: versions of crates, and why they are there."""

    crate = serializers.CharField(
        help_text="The crates: a name in any spelling, the beginning of names with a final `*`,"
        " or `*` for all."
    )
    versions = serializers.CharField(
        default="*",
        help_text="The versions, as a requirement of cargo such as `>=1.2, <1.4`, in which"
        " pre-releases count; by default all.",
    )
    reason = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=LONGEST_REASON,
        help_text="Why: it stands in what people are told about a version.",
    )

    class Meta:
        ref_name = "cargo.CratePolicyLine"

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Read a line as a whole, also where only a part of the policy is changed."""
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
        """Refuse what could never mean a crate."""
        with refused_as_invalid():
            return parse_pattern(pattern)

    def validate_versions(self, requirement: str) -> str:
        """Refuse what is no requirement to cargo."""
        with refused_as_invalid():
            parse_requirement(requirement)
        return requirement


class CratePolicyExceptionSerializer(CratePolicyLineSerializer):
    """An exception from the rules, with its reason and its end."""

    reason = serializers.CharField(
        max_length=LONGEST_REASON,
        help_text="Why: it stands in what people are told about a version.",
    )
    ends = serializers.DateTimeField(
        default_timezone=UTC, help_text="When the exception ends, and the rules hold again."
    )

    class Meta:
        ref_name = "cargo.CratePolicyException"

    def validate_ends(self, ends: datetime) -> str:
        """Write the moment as JSON can hold it."""
        return ends.isoformat().replace("+00:00", "Z")


class CargoCratePolicySerializer(DocumentedFields, core.ModelSerializer):
    """Shows and makes crate policies."""

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
        help_text="How many days old a version has to be before it comes in, 0 for none. What has"
        " no time of publication counts from when it was first seen here.",
    )
    allow = CratePolicyLineSerializer(
        many=True,
        default=None,
        allow_null=True,
        max_length=MOST_LINES,
        help_text="The only versions that may come in; null: all, and an empty list: none.",
    )
    block = CratePolicyLineSerializer(
        many=True,
        default=list,
        max_length=MOST_LINES,
        help_text="Versions that may not come in, and are not served any more: it goes before"
        " all other rules.",
    )
    exceptions = CratePolicyExceptionSerializer(
        many=True,
        default=list,
        max_length=MOST_LINES,
        help_text="Versions for which, until the exception ends, only the block list holds.",
    )
    licenses = serializers.ListField(
        child=serializers.CharField(),
        default=None,
        allow_null=True,
        max_length=MOST_LICENSES,
        help_text="The SPDX ids of the licences under which crates may be used; null: all. A"
        " licence is known once the file of the version was fetched.",
    )
    hide_yanked = serializers.BooleanField(
        default=bool,
        help_text="Whether yanked versions are left out, other than those that were served before;"
        " false by default.",
    )
    dry_run = serializers.BooleanField(
        default=bool,
        help_text="Whether the rules only record what they would hold back, and hold back nothing;"
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
        """Refuse what is no licence of SPDX's list, and keep each one once."""
        if licenses is None:
            return None
        with refused_as_invalid():
            return list(dict.fromkeys(parse_license_id(license_id) for license_id in licenses))


class HeldVersionSerializer(ShownFields, serializers.ModelSerializer):
    """Shows a version that a policy held back, or would have."""

    name = serializers.CharField(read_only=True, help_text="The crate.")
    vers = serializers.CharField(read_only=True, help_text="The version.")
    rule = NamedChoiceField(
        "CratePolicyRule",
        choices=[rule.value for rule in Rule],
        read_only=True,
        help_text="The rule that decided: `block`, `allow`, `license`, `yanked` or `cooldown`.",
    )
    sentence = serializers.CharField(read_only=True, help_text="What the rules said of it.")
    dry_run = serializers.BooleanField(
        read_only=True, help_text="Whether it was served all the same, in a dry run."
    )
    first_at = serializers.DateTimeField(read_only=True, help_text="When that was first so.")
    last_at = serializers.DateTimeField(read_only=True, help_text="When that was last so.")
    times = serializers.IntegerField(
        read_only=True,
        help_text="How often: for refused downloads, and in a dry run for downloads and index files.",
    )

    class Meta:
        model = HeldVersion
        fields = ("name", "vers", "rule", "sentence", "dry_run", "first_at", "last_at", "times")
        ref_name = "cargo.HeldVersion"
