"""The owners of a repository's crates in the REST API."""

from collections.abc import Iterable

from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.models import CrateOwner
from pulp_cargo.app.queries.owners import login_of
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.shown_fields import ShownFields
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.protocol.owners import MOST_LOGINS
from pulp_cargo.rules.patterns import parse_pattern

LONGEST_LOGIN = 200
MOST_PATTERNS = 1_000


class CrateOwnerSerializer(ShownFields):
    """Shows an owner of a crate."""

    crate = serializers.CharField(
        source="canonical_name", help_text="The name of the crate in lower case, with `_` for `-`."
    )
    owner = serializers.SerializerMethodField(help_text="The name of a user, or `group:NAME`.")
    added_at = serializers.DateTimeField(help_text="When the owner was added.")
    added_by = serializers.SerializerMethodField(
        help_text="The user who first published the crate, or who added the owner; null if that"
        " user was deleted."
    )

    class Meta:
        ref_name = "cargo.CrateOwner"

    def get_owner(self, row: CrateOwner) -> str:
        """Return the login."""
        return login_of(row)

    def get_added_by(self, row: CrateOwner) -> str | None:
        """Return a username."""
        return None if row.added_by is None else str(row.added_by.get_username())


class RemoveOwnersSerializer(core.ValidateFieldsMixin, StorableRequest):
    """Owners to remove from crates."""

    owners = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_LOGIN),
        allow_empty=False,
        max_length=MOST_LOGINS,
        help_text="The names of users, or `group:NAME` for groups.",
    )
    crates = serializers.ListField(
        child=serializers.CharField(),
        allow_empty=False,
        max_length=MOST_PATTERNS,
        help_text="The names of crates in any spelling, or prefixes of names followed by `*`.",
    )

    class Meta:
        ref_name = "cargo.RemoveOwners"

    def validate_owners(self, logins: Iterable[str]) -> list[str]:
        """Remove duplicates."""
        return list(dict.fromkeys(logins))

    def validate_crates(self, patterns: Iterable[str]) -> list[str]:
        """Refuse invalid patterns."""
        with refused_as_invalid():
            return list(dict.fromkeys(parse_pattern(pattern) for pattern in patterns))


class AddOwnersSerializer(RemoveOwnersSerializer):
    """Owners to add to crates."""

    unowned = serializers.BooleanField(
        default=bool, help_text="Whether the owners are added only to crates without an owner."
    )

    class Meta:
        ref_name = "cargo.AddOwners"


class AddedOwnersSerializer(serializers.Serializer):
    """Shows what adding owners has changed."""

    added = serializers.IntegerField(
        help_text="How many owners were added, summed up over all crates. Existing owners are not"
        " counted."
    )

    class Meta:
        ref_name = "cargo.AddedOwners"


class RemovedOwnersSerializer(serializers.Serializer):
    """Shows what removing owners has changed."""

    removed = serializers.IntegerField(
        help_text="How many owners were removed, summed up over all crates."
    )

    class Meta:
        ref_name = "cargo.RemovedOwners"
