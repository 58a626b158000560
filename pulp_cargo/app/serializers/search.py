"""Search in the REST API: the same parameters and results as in a registry's web API."""

from rest_framework import serializers

from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.shown_fields import ShownFields
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.protocol.web_api.search import Sort

PARAMETERS = ("q", "page", "per_page", "sort", "keyword", "all_keywords", "category", "letter")


class SearchQuerySerializer(StorableRequest):
    """What to search for."""

    q = serializers.CharField(required=False, allow_blank=True, help_text="Words to search for.")
    page = serializers.CharField(
        required=False, help_text="The number of the page; the default is 1."
    )
    per_page = serializers.CharField(
        required=False, help_text="Crates per page, from 1 to 100; the default is 10."
    )
    sort = NamedChoiceField(
        "SearchOrder",
        choices=[one.value for one in Sort],
        required=False,
        help_text="The order; the default is `relevance` with words, and `alphabetical` without.",
    )
    keyword = serializers.CharField(required=False, help_text="A keyword that crates must have.")
    all_keywords = serializers.CharField(
        required=False, help_text="Keywords that crates must have, separated by spaces."
    )
    category = serializers.CharField(
        required=False, help_text="A category; includes its subcategories."
    )
    letter = serializers.CharField(required=False, help_text="The first letter of the names.")
    include_yanked = serializers.BooleanField(
        default=True, help_text="Whether to include crates whose versions are all yanked."
    )

    class Meta:
        ref_name = "cargo.SearchQuery"


class FoundCrateSerializer(serializers.Serializer):
    """Shows a crate that a registry serves."""

    name = serializers.CharField(help_text="The name as published.")
    description = serializers.CharField(
        allow_null=True, help_text="The description of the default version."
    )
    max_version = serializers.CharField(
        help_text="The highest version that is not yanked; empty if all are."
    )
    max_stable_version = serializers.CharField(
        help_text="The highest release that is not yanked; empty if there is none."
    )
    newest_version = serializers.CharField(help_text="The version that was published last.")
    default_version = serializers.CharField(
        help_text="The version whose metadata describe the crate."
    )
    num_versions = serializers.IntegerField(
        allow_null=True, help_text="The number of versions; null if the upstream has not sent it."
    )
    yanked = serializers.BooleanField(help_text="Whether every version is yanked.")
    created_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the first version was published; null if the upstream has not sent it.",
    )
    updated_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the last version was published; null if the upstream has not sent it.",
    )
    downloads = serializers.IntegerField(help_text="How often the crate was downloaded.")
    recent_downloads = serializers.IntegerField(
        help_text="How often the crate was downloaded in the last 90 days."
    )
    keywords = serializers.ListField(child=serializers.CharField(), help_text="In lower case.")
    categories = serializers.ListField(child=serializers.CharField(), help_text="Slugs.")
    homepage = serializers.CharField(allow_null=True, help_text="A URL.")
    documentation = serializers.CharField(allow_null=True, help_text="A URL.")
    repository = serializers.CharField(allow_null=True, help_text="A URL.")
    private = serializers.BooleanField(
        help_text="Whether the crate is from a private repository of a list of upstreams."
    )
    upstream = serializers.CharField(
        allow_null=True,
        help_text="The upstream that has the crate; null without a list of upstreams.",
    )
    stored = serializers.BooleanField(
        help_text="Whether the crate is stored here; if not, the upstream's own search has found it."
    )

    class Meta:
        ref_name = "cargo.FoundCrate"


class FoundCratesSerializer(ShownFields):
    """Shows a page of crates."""

    count = serializers.IntegerField(help_text="How many crates match.")
    results = FoundCrateSerializer(many=True, help_text="The crates of the page, in order.")

    class Meta:
        ref_name = "cargo.FoundCrates"
