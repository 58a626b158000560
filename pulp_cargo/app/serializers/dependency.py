"""A dependency of a crate version as in the index (Cargo Book, Registry Index)."""

from rest_framework import serializers

from pulp_cargo.app.serializers.choices import NamedChoiceField


class DependencySerializer(serializers.Serializer):
    """Shows a dependency, read-only."""

    name = serializers.CharField(
        help_text="The name that the crate itself uses: the alias of a renamed dependency."
    )
    package = serializers.CharField(
        allow_null=True, help_text="The real name of a renamed dependency, null for others."
    )
    req = serializers.CharField(help_text="The version requirement, such as `^1.2`.")
    kind = NamedChoiceField(
        "DependencyKind",
        choices=["normal", "build", "dev"],
        help_text="What the dependency is needed for.",
    )
    optional = serializers.BooleanField(help_text="Whether only a feature enables it.")
    default_features = serializers.BooleanField(
        help_text="Whether the dependency's default features are enabled."
    )
    features = serializers.ListField(
        child=serializers.CharField(), help_text="The dependency's features that are enabled."
    )
    target = serializers.CharField(
        allow_null=True, help_text="The platform that it is limited to, null for all."
    )
    registry = serializers.CharField(
        help_text="The index URL of its registry, which is null in the index of that registry."
    )

    class Meta:
        ref_name = "cargo.Dependency"
