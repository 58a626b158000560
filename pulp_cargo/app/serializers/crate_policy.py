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
from pulp_cargo.rules.patterns import parse_pattern
from pulp_cargo.rules.policies.crate_policy import Rule
from pulp_cargo.rules.policies.licenses import parse_license_id

# A hundred years; larger numbers would leave the range of dates.
MOST_DAYS = 36_500
# Each entry is compared with the name of every requested crate.
MOST_LINES = 2_000
MOST_LICENSES = 1_000
LONGEST_REASON = 1_000


class CratePolicyLineSerializer(serializers.Serializer):
    """An entry of a list: versions of crates, and the reason."""

    crate = serializers.CharField(
        help_text="The name of the crate in any spelling, a prefix of names followed by `*`, or"
        " `*` for all crates."
    )
    versions = serializers.CharField(
        default="*",
        help_text="A version requirement as in Cargo.toml, such as `>=1.2, <1.4`. It includes"
        " pre-releases. The default is all versions.",
    )
    reason = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=LONGEST_REASON,
        help_text="The reason, which is shown in error messages.",
    )

    class Meta:
        ref_name = "cargo.CratePolicyLine"

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Refuse null: Django REST framework lets entries be null if their list may be."""
        if data is None:
            self.fail("null")
        return super().run_validation(data)

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
        help_text="The reason, which is shown in error messages.",
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
        help_text="How many days old a version must be before it is served; 0 for no cooldown. If"
        " the upstream has no publication time, the age is counted from the time when this Pulp"
        " first saw the version.",
    )
    allow = CratePolicyLineSerializer(
        many=True,
        default=None,
        allow_null=True,
        max_length=MOST_LINES,
        help_text="The only versions that are allowed. Null allows all versions, an empty list"
        " allows none.",
    )
    block = CratePolicyLineSerializer(
        many=True,
        default=list,
        max_length=MOST_LINES,
        help_text="Versions that are refused, even if they were served before. This overrides all"
        " other rules.",
    )
    exceptions = CratePolicyExceptionSerializer(
        many=True,
        default=list,
        max_length=MOST_LINES,
        help_text="Versions that are allowed until the exception ends, unless they are blocked.",
    )
    licenses = serializers.ListField(
        child=serializers.CharField(),
        default=None,
        allow_null=True,
        max_length=MOST_LICENSES,
        help_text="The SPDX ids of the allowed licences; null allows all. The licence of a"
        " version is not known until its file has been fetched.",
    )
    hide_yanked = serializers.BooleanField(
        default=bool,
        help_text="Whether yanked versions are refused, unless they were served before; false by"
        " default.",
    )
    dry_run = serializers.BooleanField(
        default=bool,
        help_text="Whether the policy only records what it would refuse; false by default.",
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
        help_text="The rule that refused the version: `block`, `allow`, `license`, `yanked` or"
        " `cooldown`.",
    )
    sentence = serializers.CharField(read_only=True, help_text="The reason, in a sentence.")
    dry_run = serializers.BooleanField(
        read_only=True,
        help_text="Whether the policy was a dry run, so that the version was served.",
    )
    first_at = serializers.DateTimeField(
        read_only=True, help_text="When the version was first refused."
    )
    last_at = serializers.DateTimeField(
        read_only=True, help_text="When the version was last refused."
    )
    times = serializers.IntegerField(
        read_only=True,
        help_text="How often the version was refused. Downloads are counted; in a dry run, also"
        " requests for index files.",
    )

    class Meta:
        model = PolicyRefusal
        fields = ("name", "vers", "rule", "sentence", "dry_run", "first_at", "last_at", "times")
        ref_name = "cargo.PolicyRefusal"
