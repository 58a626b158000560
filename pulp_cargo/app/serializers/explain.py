"""What a list of upstreams has of a crate, and which names are in it twice, in the REST API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.shown_fields import ShownFields
from pulp_cargo.rules.upstream_order import Rule

MOST_COLLISIONS = 1_000
MOST_NAMES = 10_000
LONGEST_NAME = 200


def checked(kind: type[serializers.Serializer], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked for, or raise ValidationError."""
    asked = kind(data=data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


class ExplainQuerySerializer(serializers.Serializer):
    """Takes the crate that is asked about."""

    name = serializers.CharField(help_text="The crate, in any spelling.")

    class Meta:
        ref_name = "cargo.ExplainQuery"


class ExplainedUpstreamSerializer(serializers.Serializer):
    """Shows what one upstream has to do with a crate."""

    upstream = serializers.CharField(help_text="What the upstream is called in the list.")
    private = serializers.BooleanField(help_text="Whether it claims the names of its crates.")
    asked = serializers.BooleanField(help_text="Whether cargo's requests for the crate reach it.")
    said = serializers.CharField(help_text="Why, in words.")
    has = serializers.BooleanField(
        allow_null=True, help_text="Whether it has the crate, null where that is not known here."
    )
    versions = serializers.IntegerField(
        allow_null=True, help_text="How many versions it has, null where that is not known here."
    )
    checked_at = serializers.DateTimeField(
        allow_null=True, help_text="When a remote last said so; null for a repository."
    )
    replaced = serializers.ListField(
        child=serializers.CharField(),
        help_text="A sentence for each version whose bytes the upstream has replaced, and that is"
        " held as it was until somebody accepts the new ones.",
    )

    class Meta:
        ref_name = "cargo.ExplainedUpstream"


class ExplanationSerializer(ShownFields):
    """Shows which upstream answers for a crate, and why."""

    name = serializers.CharField(help_text="The crate that was asked about.")
    rule = NamedChoiceField(
        "UpstreamRule",
        choices=[rule.value for rule in Rule],
        help_text="The rule that decides.",
    )
    sentence = serializers.CharField(help_text="The rule in words.")
    answers = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="The upstreams that answer: one at most, unless versions are mixed. Null where"
        " only asking them can tell.",
    )
    upstreams = ExplainedUpstreamSerializer(
        many=True, help_text="What each upstream of the list has to do with it, in order."
    )

    class Meta:
        ref_name = "cargo.Explanation"


class CollisionsQuerySerializer(serializers.Serializer):
    """Takes which page of a report is wanted."""

    after = serializers.CharField(
        default="", allow_blank=True, help_text="The `next_after` of the page before."
    )
    limit = serializers.IntegerField(
        default=100, min_value=1, max_value=MOST_COLLISIONS, help_text="How many to show at most."
    )

    class Meta:
        ref_name = "cargo.CollisionsQuery"


class NamesUpstreamSerializer(serializers.Serializer):
    """Takes names that an upstream has."""

    names = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_NAME),
        min_length=1,
        max_length=MOST_NAMES,
        help_text="Crates that exist upstream, in any spelling.",
    )

    class Meta:
        ref_name = "cargo.NamesUpstream"


class CollisionSerializer(serializers.Serializer):
    """Shows a name that is private and upstream."""

    name = serializers.CharField(help_text="The crate, as the private repository spells it.")
    private = serializers.ListField(
        child=serializers.CharField(), help_text="The private upstreams of the list that have it."
    )
    upstreams = serializers.ListField(
        child=serializers.CharField(),
        help_text="The remotes of the list that have it, by the index files kept here.",
    )

    class Meta:
        ref_name = "cargo.Collision"


class CollisionsSerializer(ShownFields):
    """Shows a page of such names."""

    results = CollisionSerializer(many=True, help_text="The names, in order.")
    next_after = serializers.CharField(
        allow_null=True, help_text="What to send as `after` for the next page, null at the end."
    )

    class Meta:
        ref_name = "cargo.Collisions"
