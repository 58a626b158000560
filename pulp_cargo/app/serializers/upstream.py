"""One upstream of a distribution's list in the REST API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from pulp_cargo.app.models import CargoRemote, CargoRepository
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.visible import VisibleDetailField
from pulp_cargo.app.services.repository_use import require_for_caches
from pulp_cargo.rules.patterns import parse_pattern

MOST_PATTERNS = 500
LONGEST_NAME = 100


class PatternsField(serializers.ListField):
    """A list of crate patterns without duplicates."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs |= {"child": serializers.CharField(), "max_length": MOST_PATTERNS}
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        """Refuse invalid patterns."""
        with refused_as_invalid():
            patterns = [parse_pattern(one) for one in super().to_internal_value(data)]
        return list(dict.fromkeys(patterns))


class UpstreamSerializer(serializers.Serializer):
    """One upstream of a list: a repository of this Pulp, or a remote with its store."""

    name = serializers.CharField(
        max_length=LONGEST_NAME, help_text="The name of the upstream in this list."
    )
    repository = VisibleDetailField(
        default=None,
        allow_null=True,
        view_name="repositories-cargo/cargo-detail",
        queryset=CargoRepository.objects.exclude(user_hidden=True),
        help_text="The repository whose newest version is served. With a remote, the store for"
        " its crates.",
    )
    remote = VisibleDetailField(
        default=None,
        allow_null=True,
        view_name="remotes-cargo/cargo-detail",
        queryset=CargoRemote.objects.all(),
        help_text="The remote whose crates are fetched on demand.",
    )
    patterns = PatternsField(
        default=["*"],
        help_text="The crates that this upstream may answer for: names, or prefixes of names"
        " followed by `*`. By default, all crates.",
    )
    pins = PatternsField(
        default=[],
        help_text="The crates that only this upstream may answer for, in the same form as"
        " `patterns`. If several pins match a name, the most specific one applies.",
    )
    private = serializers.BooleanField(
        default=None,
        allow_null=True,
        help_text="Whether the upstream claims the names of its crates, so that no other upstream"
        " is asked for them. The default is true for a repository without a remote. An"
        " upstream with a remote cannot be private.",
    )

    class Meta:
        ref_name = "cargo.CargoUpstream"

    def run_validation(self, data: Any = serializers.empty) -> dict[str, Any]:
        """Validate an entry as a whole, even if the distribution is changed partially."""
        if self.parent is None:
            return super().run_validation(data)
        return UpstreamSerializer(data=data, context=self.context).run_validation(data)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Refuse unknown keys: a typing error could expose private names."""
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            raise serializers.ValidationError(
                {str(key): ["Unexpected field"] for key in sorted(unknown, key=str)}
            )
        return super().to_internal_value(data)

    def validate_remote(self, remote: CargoRemote | None) -> CargoRemote | None:
        """Refuse remotes that only syncs can use."""
        with refused_as_invalid():
            require_for_caches(remote)
        return remote

    def validate(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Refuse an entry that is contradictory, and fill in `private`."""
        name, remote = entry["name"], entry["remote"]
        if remote is None and entry["repository"] is None:
            fault = f"`{name}` has neither a `repository` nor a `remote`: it needs one of them."
        elif remote is not None and entry["private"]:
            fault = (
                f"`{name}` has a `remote`, so it cannot be `private`: its crates are not your own."
            )
        elif not entry["patterns"] and not entry["pins"]:
            fault = f"`{name}` has neither `patterns` nor `pins`: it would never be asked."
        else:
            private = remote is None if entry["private"] is None else entry["private"]
            return {**entry, "private": private}
        raise serializers.ValidationError(fault)
