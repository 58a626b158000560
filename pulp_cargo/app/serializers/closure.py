"""Closures of dependencies, and promotions, in the REST API."""

from typing import Any

from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.named_version import NamedVersionSerializer
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.app.serializers.visible import NamedDetailField
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.closure import Root, Scope
from pulp_cargo.rules.matching import Reason

MOST_CRATES = 1_000
MOST_FEATURES = 1_000
MOST_TARGETS = 100
LONGEST_TEXT = 200


def features_field(help_text: str) -> serializers.ListField:
    """Return a field for names of features."""
    return _texts(MOST_FEATURES, help_text)


def targets_field(help_text: str) -> serializers.ListField:
    """Return a field for target triples."""
    return _texts(MOST_TARGETS, help_text)


def _texts(most: int, help_text: str) -> serializers.ListField:
    texts = serializers.CharField(max_length=LONGEST_TEXT)
    return serializers.ListField(child=texts, required=False, max_length=most, help_text=help_text)


class ClosureRootSerializer(StorableRequest):
    """A crate that is needed: which versions, and which features."""

    name = serializers.CharField(help_text="The name of the crate, exactly as it is spelled.")
    req = serializers.CharField(
        default="*", help_text="The requirement, as in `Cargo.toml`; `*` by default."
    )
    vers = serializers.CharField(
        required=False,
        help_text="One exact version, which may be yanked, as in `Cargo.lock`. Replaces `req`.",
    )
    features = features_field("The features to enable in addition to `default`; all by default.")

    def validate_name(self, name: str) -> str:
        """Refuse invalid names."""
        with refused_as_invalid():
            return parse_crate_name(name)

    def validate_req(self, req: str) -> Any:
        """Refuse invalid requirements."""
        with refused_as_invalid():
            return parse_requirement(req)

    def validate_vers(self, vers: str) -> str:
        """Refuse invalid versions."""
        with refused_as_invalid():
            return str(parse_version(vers))

    class Meta:
        ref_name = "cargo.ClosureRoot"


class DependencyScopeSerializer(core.ValidateFieldsMixin, StorableRequest):
    """Which dependencies count."""

    all_features = serializers.BooleanField(
        default=False,
        help_text="Whether every optional dependency is checked. Otherwise, only those that enabled"
        " features need; for a whole repository, none.",
    )
    targets = targets_field(
        "The target triples to build for, including that of the host; by default, all."
        " Dependencies that are only for other triples are ignored; those for a `cfg(…)` never are."
    )

    @property
    def scope(self) -> Scope:
        """The scope of a valid request."""
        targets = self.validated_data.get("targets")
        return Scope(
            all_features=self.validated_data["all_features"],
            targets=None if targets is None else frozenset(targets),
        )

    class Meta:
        ref_name = "cargo.DependencyScope"


class CheckClosureSerializer(DependencyScopeSerializer):
    """A request to check what some crates need."""

    crates = ClosureRootSerializer(
        many=True, allow_empty=False, max_length=MOST_CRATES, help_text="The crates."
    )

    @property
    def roots(self) -> list[Root]:
        """The crates of a valid request."""
        return [
            Root(
                one["name"],
                one["req"],
                vers=one.get("vers"),
                features=frozenset(one["features"]) if "features" in one else None,
            )
            for one in self.validated_data["crates"]
        ]

    class Meta:
        ref_name = "cargo.CheckClosure"


class VersionOfCrateSerializer(serializers.Serializer):
    """Shows a version of a crate."""

    name = serializers.CharField(help_text="The name of the crate.")
    vers = serializers.CharField(help_text="The version.")

    class Meta:
        ref_name = "cargo.VersionOfCrate"


class _DependencySerializer(serializers.Serializer):
    """Shows a dependency, and what has it."""

    name = serializers.CharField(help_text="The name of the crate that is needed.")
    req = serializers.CharField(help_text="The requirement.")
    needed_by = VersionOfCrateSerializer(
        many=True, help_text="The first versions that have the dependency."
    )
    dependents = serializers.IntegerField(help_text="How many versions have it.")


class UnmetDependencySerializer(_DependencySerializer):
    """Shows a dependency that no version meets."""

    reason = NamedChoiceField(
        "UnmetReason",
        choices=[one.value for one in Reason],
        help_text="`no-crate`, `no-version` (none that meets the requirement), `only-yanked`, or"
        " `refused` (by a crate policy).",
    )
    there = serializers.ListField(
        child=serializers.CharField(),
        help_text="The versions of the crate, newest first; at most 10.",
    )

    class Meta:
        ref_name = "cargo.UnmetDependency"


class ForeignDependencySerializer(_DependencySerializer):
    """Shows a dependency on another registry."""

    registry = serializers.CharField(help_text="The index URL of the registry.")

    class Meta:
        ref_name = "cargo.ForeignDependency"


class ClosureReportSerializer(serializers.Serializer):
    """Shows whether dependencies resolve in a repository, and can be downloaded."""

    passes = serializers.BooleanField(
        help_text="Whether all dependencies on this registry resolve, and all files can be"
        " downloaded."
    )
    versions = serializers.IntegerField(help_text="How many versions were checked.")
    unmet = UnmetDependencySerializer(
        many=True, help_text="The dependencies that no version meets; at most 1000."
    )
    unmet_count = serializers.IntegerField(help_text="The number of all unmet dependencies.")
    without_file = VersionOfCrateSerializer(
        many=True,
        help_text="The versions whose file is not stored and cannot be fetched; at most 1000.",
    )
    without_file_count = serializers.IntegerField(
        help_text="The number of all versions without a file."
    )
    elsewhere = ForeignDependencySerializer(
        many=True,
        help_text="The dependencies on other registries, which were not checked; at most 1000.",
    )
    elsewhere_count = serializers.IntegerField(
        help_text="The number of all dependencies on other registries."
    )

    class Meta:
        ref_name = "cargo.ClosureReport"


class PromoteSerializer(core.ValidateFieldsMixin, StorableRequest):
    """A request to promote crate versions."""

    source = NamedDetailField(
        view_name="repositories-cargo/cargo-detail",
        queryset=CargoRepository.objects.all(),
        help_text="The repository that has the versions: its href, PRN or name.",
    )
    crates = NamedVersionSerializer(
        many=True,
        allow_empty=False,
        max_length=MOST_CRATES,
        help_text="The versions to promote. Yanked versions stay yanked.",
    )
    closure = serializers.BooleanField(
        default=True, help_text="Whether the dependencies that the target lacks are promoted, too."
    )
    dry_run = serializers.BooleanField(
        default=False,
        help_text="Whether only the plan is returned. If so, nothing is changed.",
    )

    class Meta:
        ref_name = "cargo.Promote"


class PromotedVersionSerializer(VersionOfCrateSerializer):
    """Shows a version that is promoted."""

    yanked = serializers.BooleanField(help_text="Whether it is yanked.")
    needed_by = VersionOfCrateSerializer(
        allow_null=True, help_text="The version that needs this one; null if the request names it."
    )

    class Meta:
        ref_name = "cargo.PromotedVersion"


class PromotionProblemSerializer(serializers.Serializer):
    """Shows why a promotion is refused."""

    name = serializers.CharField(help_text="The name of the crate.")
    vers = serializers.CharField(
        allow_null=True, help_text="The version; null for a dependency that no version meets."
    )
    reason = serializers.CharField(help_text="The reason.")

    class Meta:
        ref_name = "cargo.PromotionProblem"


class PromotionPlanSerializer(serializers.Serializer):
    """Shows what a promotion copies, or why it is refused."""

    passes = serializers.BooleanField(help_text="Whether nothing prevents the promotion.")
    copies = PromotedVersionSerializer(many=True, help_text="The versions that are copied.")
    there = serializers.IntegerField(
        help_text="How many of the needed versions the target already has."
    )
    problems = PromotionProblemSerializer(many=True, help_text="What prevents the promotion.")
    elsewhere = ForeignDependencySerializer(
        many=True, help_text="The dependencies on other registries, which are not copied."
    )
    stands_in_for = serializers.ListField(
        child=serializers.CharField(),
        help_text="The index URLs that the target's registries recognise as their own in dependencies"
        " after the promotion, but not before.",
    )

    class Meta:
        ref_name = "cargo.PromotionPlan"
