"""Labels of repository versions, and the difference of two, in the REST API."""

from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.shown_fields import ShownFields
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.rules.moments import LABEL_RULE

LONGEST_TEXT = 100
HIGHEST_NUMBER = 2**31 - 1
MOST_CHANGES = 1_000
DEFAULT_CHANGES = 100
MOMENT = (
    "the number of a repository version (`42`), a date (`2026-11-01`: the end of that day in UTC) or"
    " time (`2026-11-01T12:00:00Z`), or a label"
)


class LabelSerializer(core.ValidateFieldsMixin, StorableRequest):
    """A label of a repository version."""

    label = serializers.CharField(max_length=LONGEST_TEXT, help_text=f"The label; {LABEL_RULE}.")

    class Meta:
        ref_name = "cargo.Label"


class LabelVersionSerializer(LabelSerializer):
    """A label, and the version that gets it."""

    number = serializers.IntegerField(
        min_value=0,
        max_value=HIGHEST_NUMBER,
        required=False,
        help_text="The number of the repository version; the default is the newest.",
    )

    class Meta:
        ref_name = "cargo.LabelVersion"


class VersionLabelSerializer(ShownFields):
    """Shows a label of a repository version."""

    label = serializers.CharField(help_text="The label, which is served at `@LABEL/`.")
    number = serializers.IntegerField(
        source="version.number", help_text="The number of the repository version."
    )
    labelled_at = serializers.DateTimeField(
        source="pulp_created", help_text="When the version got the label."
    )
    created_at = serializers.DateTimeField(
        source="version.pulp_created", help_text="When the version was created."
    )

    class Meta:
        ref_name = "cargo.VersionLabel"


class DiffQuerySerializer(StorableRequest):
    """The versions to compare."""

    old = serializers.CharField(max_length=LONGEST_TEXT, help_text=f"The first state: {MOMENT}.")
    new = serializers.CharField(
        max_length=LONGEST_TEXT,
        required=False,
        help_text="The second state, in the same forms; the default is the newest version.",
    )
    limit = serializers.IntegerField(
        min_value=1,
        max_value=MOST_CHANGES,
        default=DEFAULT_CHANGES,
        help_text="Number of changes to return per page.",
    )
    offset = serializers.IntegerField(
        min_value=0,
        max_value=HIGHEST_NUMBER,
        default=0,
        help_text="The initial index from which to return the changes.",
    )

    class Meta:
        ref_name = "cargo.DiffQuery"


class ComparedVersionSerializer(serializers.Serializer):
    """Shows a repository version that is compared."""

    number = serializers.IntegerField(help_text="The number of the repository version.")
    created_at = serializers.DateTimeField(
        source="created", help_text="When the version was created."
    )

    class Meta:
        ref_name = "cargo.ComparedVersion"


class ChangeSerializer(serializers.Serializer):
    """Shows what changed about a crate version."""

    change = NamedChoiceField(
        "Change",
        choices=["added", "removed", "yanked", "unyanked"],
        help_text="What changed from the first state to the second.",
    )
    name = serializers.CharField(help_text="The name of the crate.")
    vers = serializers.CharField(help_text="The version.")
    checksum = serializers.CharField(source="cksum", help_text="The SHA-256 of the .crate file.")
    whole_crate = serializers.BooleanField(
        help_text="Whether one of the two states has no version of the crate."
    )

    class Meta:
        ref_name = "cargo.Change"


class DiffSerializer(ShownFields):
    """Shows the difference of two states of a repository."""

    old = ComparedVersionSerializer(help_text="The repository version of the first state.")
    new = ComparedVersionSerializer(help_text="The repository version of the second state.")
    crates_added = serializers.IntegerField(help_text="How many crates only the second state has.")
    crates_removed = serializers.IntegerField(help_text="How many crates only the first state has.")
    versions_added = serializers.IntegerField(help_text="How many crate versions were added.")
    versions_removed = serializers.IntegerField(help_text="How many crate versions were removed.")
    versions_yanked = serializers.IntegerField(help_text="How many crate versions were yanked.")
    versions_unyanked = serializers.IntegerField(help_text="How many crate versions were unyanked.")
    count = serializers.IntegerField(help_text="How many changes there are.")
    results = ChangeSerializer(
        source="changes", many=True, help_text="A page of the changes, sorted by crate."
    )

    class Meta:
        ref_name = "cargo.Diff"
