"""A dependency of a crate version as in the index (Cargo Book, Registry Index)."""

from rest_framework import serializers

from pulp_cargo.app.serializers.choices import NamedChoiceField


class DependencySerializer(serializers.Serializer):
    """Shows a dependency, read-only."""

    name = serializers.CharField(
        help_text="The name that the crate uses for the dependency; for a renamed dependency, its"
        " alias."
    )
    package = serializers.CharField(
        allow_null=True, help_text="The real name of a renamed dependency; null for others."
    )
    req = serializers.CharField(help_text="The version requirement, such as `^1.2`.")
    kind = NamedChoiceField(
        "DependencyKind",
        choices=["normal", "build", "dev"],
        help_text="What the dependency is needed for.",
    )
    optional = serializers.BooleanField(help_text="Whether the dependency is optional.")
    default_features = serializers.BooleanField(
        help_text="Whether the default features of the dependency are enabled."
    )
    features = serializers.ListField(
        child=serializers.CharField(), help_text="The features of the dependency that are enabled."
    )
    target = serializers.CharField(
        allow_null=True, help_text="The platform that the dependency is limited to; null for all."
    )
    registry = serializers.CharField(
        help_text="The index URL of the dependency's registry. In the index of that registry, it"
        " is null."
    )

    class Meta:
        ref_name = "cargo.Dependency"
