"""What a sync mirrors, in the REST API."""

from typing import Any

from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.protocol.lock_file import MAX_SIZE, parse_lock_file
from pulp_cargo.protocol.registry_url import CRATES_IO, is_crates_io
from pulp_cargo.rules.mirror_selection import (
    MOST_CRATES,
    MOST_NEWEST,
    Selection,
    locked_packages,
    parse_wanted_crate,
)

MOST_LOCK_FILES = 100


class SyncSerializer(core.RepositorySyncURLSerializer, StorableRequest):
    """A request to sync, with what is to be mirrored."""

    crates = serializers.ListField(
        child=serializers.CharField(max_length=500),
        required=False,
        max_length=MOST_CRATES,
        help_text="The crates to mirror: names, or prefixes of names followed by `*`, each perhaps"
        " with a requirement, as in `serde@1.0.100`. By default, and without `lock_files`, all"
        " crates are mirrored.",
    )
    lock_files = serializers.ListField(
        child=serializers.CharField(max_length=MAX_SIZE, trim_whitespace=False),
        required=False,
        max_length=MOST_LOCK_FILES,
        help_text="The texts of Cargo.lock files: the packages in them that are from the upstream"
        " are mirrored in any case.",
    )
    crates_io = serializers.BooleanField(
        default=False,
        help_text="Whether packages from crates.io in `lock_files` are mirrored, because the upstream"
        " is a copy of crates.io. They are if it is crates.io itself.",
    )
    newest = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MOST_NEWEST,
        help_text="How many of the newest versions of each crate are mirrored; by default all."
        " Yanked versions do not count, and pre-releases only if a crate has nothing else.",
    )
    yanked = serializers.BooleanField(
        default=True,
        help_text="Whether yanked versions are mirrored, as they are by default, with their yank"
        " marks.",
    )
    closure = serializers.BooleanField(
        default=False,
        help_text="Whether everything that cargo might need to build the selected versions is"
        " mirrored as well.",
    )

    def validate_crates(self, crates: list[str]) -> list[str]:
        """Refuse invalid names and requirements."""
        with refused_as_invalid():
            return [str(parse_wanted_crate(text)) for text in crates]

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse a closure of everything, which is everything."""
        data = super().validate(data)
        if data["closure"] and not (data.get("crates") or data.get("lock_files")):
            raise serializers.ValidationError(
                {"closure": "A closure needs `crates` or `lock_files` to begin with."}
            )
        return data

    def selection(self, remote: CargoRemote) -> Selection:
        """Return what is mirrored from the remote; raises ValidationError."""
        asked = self.validated_data
        lock_files = asked.get("lock_files", [])
        registries = [str(remote.url)]
        if asked["crates_io"] or is_crates_io(remote.url):
            registries.append(CRATES_IO)
        with refused_as_invalid():
            locks = [parse_lock_file(text) for text in lock_files]
        locked = locked_packages(locks, registries)
        if lock_files and not locked and not asked.get("crates"):
            raise serializers.ValidationError(
                {"lock_files": f"No package in them is from {remote.url}."}
            )
        return Selection(
            crates=tuple(map(parse_wanted_crate, asked.get("crates", []))),
            locked=locked,
            newest=asked.get("newest"),
            yanked=asked["yanked"],
            closure=asked["closure"],
        )

    class Meta:
        ref_name = "cargo.Sync"
