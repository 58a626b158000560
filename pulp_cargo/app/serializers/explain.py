"""Reports about a list of upstreams in the REST API: who answers for a crate, and collisions."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.shown_fields import ShownFields
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.rules.upstream_order import Rule

MOST_COLLISIONS = 1_000
MOST_NAMES = 10_000
LONGEST_NAME = 200


def checked(kind: type[serializers.Serializer], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the validated parameters, or raise ValidationError."""
    asked = kind(data=data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


class ExplainQuerySerializer(StorableRequest):
    """The crate to explain."""

    name = serializers.CharField(help_text="The crate, in any spelling.")

    class Meta:
        ref_name = "cargo.ExplainQuery"


class ExplainedUpstreamSerializer(serializers.Serializer):
    """Shows the part of one upstream in the answer for a crate."""

    upstream = serializers.CharField(help_text="The name of the upstream in the list.")
    private = serializers.BooleanField(
        help_text="Whether the upstream claims the names of its crates."
    )
    asked = serializers.BooleanField(help_text="Whether the upstream is asked for the crate.")
    reason = serializers.CharField(help_text="Why the upstream is asked or not, in a sentence.")
    has = serializers.BooleanField(
        allow_null=True, help_text="Whether the upstream has the crate; null if this is not known."
    )
    versions = serializers.IntegerField(
        allow_null=True,
        help_text="How many versions of the crate the upstream has; null if this is not known.",
    )
    checked_at = serializers.DateTimeField(
        allow_null=True, help_text="When the upstream last confirmed this; null for a repository."
    )
    replaced = serializers.ListField(
        child=serializers.CharField(),
        help_text="A message for each version whose bytes the upstream has replaced. It is served"
        " unchanged until the new bytes are accepted.",
    )

    class Meta:
        ref_name = "cargo.ExplainedUpstream"


class ExplanationSerializer(ShownFields):
    """Shows which upstream answers for a crate, and why."""

    name = serializers.CharField(help_text="The requested crate.")
    rule = NamedChoiceField(
        "UpstreamRule",
        choices=[rule.value for rule in Rule],
        help_text="The rule that decides.",
    )
    sentence = serializers.CharField(help_text="The rule in a sentence.")
    answers = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="The upstreams that answer for the crate; more than one only if their versions"
        " are mixed. Null if this depends on requests to upstreams.",
    )
    upstreams = ExplainedUpstreamSerializer(
        many=True, help_text="The upstreams of the list, in order."
    )

    class Meta:
        ref_name = "cargo.Explanation"


class CollisionsQuerySerializer(StorableRequest):
    """The requested page of a report."""

    after = serializers.CharField(
        default="", allow_blank=True, help_text="The `next_after` of the previous page."
    )
    limit = serializers.IntegerField(
        default=100, min_value=1, max_value=MOST_COLLISIONS, help_text="The size of a page."
    )

    class Meta:
        ref_name = "cargo.CollisionsQuery"


class NamesUpstreamSerializer(StorableRequest):
    """The names of crates of an upstream."""

    names = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_NAME),
        min_length=1,
        max_length=MOST_NAMES,
        help_text="The names of crates that exist upstream, in any spelling.",
    )

    class Meta:
        ref_name = "cargo.NamesUpstream"


class CollisionSerializer(serializers.Serializer):
    """Shows a name that is both private and upstream."""

    name = serializers.CharField(
        help_text="The name of the crate, as spelled in the private repository."
    )
    private = serializers.ListField(
        child=serializers.CharField(),
        help_text="The private repositories of the list that have the crate.",
    )
    upstreams = serializers.ListField(
        child=serializers.CharField(),
        help_text="The remotes of the list that have the crate, according to cached index files.",
    )

    class Meta:
        ref_name = "cargo.Collision"


class CollisionsSerializer(ShownFields):
    """Shows a page of such names."""

    results = CollisionSerializer(many=True, help_text="The names, in order.")
    next_after = serializers.CharField(
        allow_null=True, help_text="The value of `after` for the next page; null on the last page."
    )

    class Meta:
        ref_name = "cargo.Collisions"
