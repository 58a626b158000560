"""A distribution's ordered list of upstreams in the REST API."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework import serializers

from pulpcore.plugin.util import get_current_authenticated_user

from pulp_cargo.app.models import CargoDistribution, CargoRepository
from pulp_cargo.app.serializers.upstream import PatternsField, UpstreamSerializer
from pulp_cargo.app.services import upstream_list

MOST_UPSTREAMS = 20

Entry = Mapping[str, Any]


class UpstreamListFields(serializers.Serializer):
    """The fields of a distribution that are about its list of upstreams."""

    upstreams = UpstreamSerializer(
        many=True,
        required=False,
        max_length=MOST_UPSTREAMS,
        help_text="The upstreams of the registry, in order. By default, the first that has a"
        " crate answers for all of its versions. The list is set as a whole. It cannot be"
        " used together with `remote` and `repository_version`, or with `repository` unless"
        " publishes are allowed.",
    )
    reserved_names = PatternsField(
        required=False,
        help_text="Names, or prefixes of names followed by `*`, that only private repositories of"
        " `upstreams` may serve.",
    )
    mixed_names = PatternsField(
        required=False,
        help_text="Names, or prefixes of names followed by `*`, for which the versions of all"
        " `upstreams` are served together. For other names, all versions are from one"
        " upstream.",
    )

    def create(self, validated_data: dict[str, Any]) -> CargoDistribution:
        """Create the distribution and its list of upstreams in one transaction."""
        entries = validated_data.pop("upstreams", ())
        with transaction.atomic():
            distribution = super().create(validated_data)
            upstream_list.replace(distribution, entries, get_current_authenticated_user())
        return distribution

    def update(
        self, instance: CargoDistribution, validated_data: dict[str, Any]
    ) -> CargoDistribution:
        """Change the distribution, and replace its list of upstreams, in one transaction."""
        entries = validated_data.pop("upstreams", None)
        with transaction.atomic():
            distribution = super().update(instance, validated_data)
            if entries is not None:
                upstream_list.replace(distribution, entries, get_current_authenticated_user())
        return distribution

    def upstreams_of(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the list after the request, which may leave it unchanged."""
        if "upstreams" in data or self.instance is None:
            return data.get("upstreams", [])
        return upstream_list.entries(self.instance)

    def require_sound_upstreams(self, data: dict[str, Any], entries: list[dict[str, Any]]) -> None:
        """Refuse lists that are contradictory, or conflict with other fields."""
        if not entries:
            self._require_no_leftovers(data)
            return
        for field in ("remote", "repository_version"):
            if self.value(data, field):
                raise serializers.ValidationError(
                    {field: f"A registry with `upstreams` cannot have `{field}`."}
                )
        if self.value(data, "repository") and not self.value(data, "allow_uploads"):
            raise serializers.ValidationError(
                {
                    "repository": "With `upstreams`, this is the repository for uploads: set it to null, or"
                    " set `allow_uploads` to true."
                }
            )
        if "upstreams" in data:
            require_sound_list(entries)

    def _require_no_leftovers(self, data: dict[str, Any]) -> None:
        for field in ("reserved_names", "mixed_names"):
            if self.value(data, field):
                raise serializers.ValidationError(
                    {field: f"`{field}` requires a list of `upstreams`."}
                )

    @property
    def own_pk(self) -> UUID | None:
        """The id of the distribution, None for a new one."""
        return self.instance and self.instance.pk

    def value(self, data: dict[str, Any], name: str) -> Any:
        """Return a field after the request, which may leave it unchanged."""
        return data[name] if name in data else getattr(self.instance, name, None)


def require_sound_list(entries: Sequence[Entry]) -> None:
    """Raise ValidationError for conflicting entries."""
    for field, rule in (
        ("name", "names must be unique in a list"),
        ("repository", "a repository can be in a list only once"),
        ("remote", "a remote can be in a list only once"),
    ):
        owners: dict[Any, str] = {}
        for entry in entries:
            value = entry[field]
            if value is not None and value in owners:
                raise _fault(
                    f"`{owners[value]}` and `{entry['name']}` have the same `{field}`: {rule}."
                )
            owners[value] = entry["name"]


def place_for_uploads(entries: Sequence[Entry], repository: CargoRepository | None) -> str | None:
    """Return why a list cannot accept uploads into a repository, None if it can."""
    if repository is None:
        return (
            "With `upstreams`, `allow_uploads` requires a `repository`: the repository in the list"
            " that accepts uploads."
        )
    for entry in entries:
        if _place(entry) == repository.pk:
            if entry["remote"] is None:
                return None
            return (
                f"The repository of `{entry['name']}` is the store of its `remote`, so it cannot"
                " accept uploads: select a repository in the list without a `remote`."
            )
    return (
        "The `repository` for uploads must be one of the repositories in `upstreams`; otherwise,"
        " published crates would not be served here."
    )


def _place(entry: Entry) -> UUID | None:
    return entry["repository"] and entry["repository"].pk


def _fault(sentence: str) -> serializers.ValidationError:
    return serializers.ValidationError({"upstreams": [sentence]})
