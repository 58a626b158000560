"""What a sync mirrors, in the REST API."""

from typing import Any

from rest_framework import serializers

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Remote

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.serializers.closure import LONGEST_TEXT, features_field, targets_field
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.app.serializers.visible import VisibleDetailField
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.lock_file import MAX_SIZE, LockFile, parse_lock_file
from pulp_cargo.protocol.project_manifest import MAX_SIZE as LARGEST_MANIFEST
from pulp_cargo.protocol.project_manifest import parse_projects
from pulp_cargo.protocol.registry_url import CRATES_IO, is_crates_io
from pulp_cargo.rules.mirror_selection import (
    MOST_CRATES,
    MOST_NEWEST,
    Selection,
    locked_names,
    locked_packages,
    parse_wanted_crate,
)
from pulp_cargo.rules.project_needs import ProjectNeeds, Upstream, project_needs

MOST_LOCK_FILES = 100
MOST_MANIFESTS = 200
# What a closure can begin with.
BEGINS = ("crates", "lock_files", "manifests")
OR_OTHERS = "`crates`, `lock_files` or `manifests`"


class SyncSerializer(core.RepositorySyncURLSerializer, StorableRequest):
    """A request to sync, with what is to be mirrored."""

    remote = VisibleDetailField(
        required=False,
        view_name_pattern=r"remotes(-.*/.*)-detail",
        queryset=Remote.objects.all(),
        help_text="The remote to sync from; by default, that of the repository.",
    )
    crates = serializers.ListField(
        child=serializers.CharField(max_length=500),
        required=False,
        max_length=MOST_CRATES,
        help_text="The crates to mirror: names, or prefixes of names followed by `*`, each optionally"
        " with a requirement, as in `serde@1.0.100`. By default, and without `lock_files` and"
        " `manifests`, all crates are mirrored.",
    )
    lock_files = serializers.ListField(
        child=serializers.CharField(max_length=MAX_SIZE, trim_whitespace=False),
        required=False,
        max_length=MOST_LOCK_FILES,
        help_text="The texts of Cargo.lock files. Their packages from the upstream are mirrored, whatever"
        " the other fields select.",
    )
    manifests = serializers.ListField(
        child=serializers.CharField(max_length=LARGEST_MANIFEST, trim_whitespace=False),
        required=False,
        max_length=MOST_MANIFESTS,
        help_text="The texts of Cargo.toml files, of packages or workspaces. For each of their"
        " dependencies on the upstream, the versions that meet the requirement are mirrored.",
    )
    registry = serializers.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        help_text='The name of the upstream in `manifests`, as in `registry = "company"`.',
    )
    dev = serializers.BooleanField(
        default=True, help_text="Whether the dev-dependencies of `manifests` are included."
    )
    crates_io = serializers.BooleanField(
        default=False,
        help_text="Whether packages from crates.io in `lock_files` and `manifests` are mirrored,"
        " because the upstream is a copy of crates.io. If the upstream is crates.io itself, they"
        " always are.",
    )
    newest = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MOST_NEWEST,
        help_text="How many of the newest versions of each crate are mirrored; by default all."
        " Yanked versions do not count. Pre-releases count only if a crate has no releases.",
    )
    yanked = serializers.BooleanField(
        default=True,
        help_text="Whether yanked versions are mirrored, with their yank marks; true by default.",
    )
    closure = serializers.BooleanField(
        default=False,
        help_text="Whether everything that cargo might need to build the selected versions is"
        " mirrored as well.",
    )
    all_features = serializers.BooleanField(
        required=False,
        help_text="Whether the closure includes every optional dependency. Otherwise, it includes only"
        " those that enabled features need. True by default, unless `features` is given.",
    )
    features = features_field(
        "The features of `crates` and `lock_files` to enable in the closure, in addition to"
        " `default`: `FEATURE` of all crates, or `CRATE/FEATURE` of one. All by default. For"
        " dependencies in `manifests`, the features are those that the manifests enable."
    )
    targets = targets_field(
        "The target triples to build for, including that of the host; by default, all."
        " Dependencies that are only for other triples are ignored, in `manifests` and in the"
        " closure; those for a `cfg(…)` never are."
    )

    accept_older_snapshot = serializers.BooleanField(
        default=False,
        help_text="Whether a signed snapshot of the upstream is accepted even if it is older than that"
        " of the last sync, or describes another repository. This requires the permission to change"
        " the remote.",
    )

    def validate_crates(self, crates: list[str]) -> list[str]:
        """Refuse invalid names and requirements."""
        with refused_as_invalid():
            return [str(parse_wanted_crate(text)) for text in crates]

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse a closure of everything, which is everything, and what has no effect."""
        data = super().validate(data)
        begins = any(data.get(field) for field in BEGINS)
        if data["closure"] and not begins:
            raise _refused("closure", f"`closure` requires {OR_OTHERS}.")
        is_narrow = "features" in data or data.get("all_features") is False
        if is_narrow and not data["closure"]:
            field = "features" if "features" in data else "all_features"
            raise _refused(field, f"`{field}` limits a `closure`, but `closure` is not set.")
        if "features" in data and data.get("all_features"):
            raise _refused(
                "features", "`features` has no effect with `all_features`: use only one of them."
            )
        if "targets" in data and not (data["closure"] or data.get("manifests")):
            raise _refused("targets", "`targets` requires `closure` or `manifests`.")
        return data

    def selection(self, remote: CargoRemote) -> Selection:
        """Return what is mirrored from the remote; raises ValidationError."""
        asked = self.validated_data
        urls = [str(remote.url)]
        if asked["crates_io"] or is_crates_io(remote.url):
            urls.append(CRATES_IO)
        locks = [_parse_lock(at, text) for at, text in enumerate(asked.get("lock_files", []))]
        try:
            projects = parse_projects(asked.get("manifests", []))
        except RegistryError as error:
            raise _refused("manifests", str(error)) from error
        locked = locked_packages(locks, urls)
        upstream = Upstream(urls, asked.get("registry"))
        needs = project_needs(projects, upstream, asked.get("targets"), dev=asked["dev"])
        if not (locked or needs.crates or asked.get("crates")):
            if locks:
                raise _refused("lock_files", f"No package in the lock files is from {remote.url}.")
            if projects:
                raise _refused("manifests", _nothing_from(remote, needs))
        return Selection(
            crates=tuple(map(parse_wanted_crate, asked.get("crates", []))),
            locked=locked,
            spelled=locked_names(locks, urls),
            newest=asked.get("newest"),
            yanked=asked["yanked"],
            closure=asked["closure"],
            needed=needs.crates,
            left_out=needs.left_out,
            all_features=asked.get("all_features", "features" not in asked),
            features=_tuple(asked.get("features")),
            targets=_tuple(asked.get("targets")),
        )

    class Meta:
        ref_name = "cargo.Sync"


def _parse_lock(at: int, text: str) -> LockFile:
    try:
        return parse_lock_file(text)
    except RegistryError as error:
        raise serializers.ValidationError({"lock_files": {at: [str(error)]}}) from error


def _refused(field: str, sentence: str) -> serializers.ValidationError:
    return serializers.ValidationError({field: sentence})


def _nothing_from(remote: CargoRemote, needs: ProjectNeeds) -> str:
    """Return that no dependency is from the remote, with an example of why not."""
    example = next((f": `{one.name}`: {one.reason}" for one in needs.left_out), "")
    return f"No dependency in the manifests is from {remote.url}{example}."


def _tuple(texts: list[str] | None) -> tuple[str, ...] | None:
    return None if texts is None else tuple(texts)
