"""A dependency of a crate version, as the index has it (Cargo Book, Registry Index)."""

from rest_framework import serializers

from pulp_cargo.app.serializers.choices import NamedChoiceField


class DependencySerializer(serializers.Serializer):
    """Shows a dependency; nothing can be set."""

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
    optional = serializers.BooleanField(help_text="Whether only a feature turns it on.")
    default_features = serializers.BooleanField(
        help_text="Whether the dependency's default features are on."
    )
    features = serializers.ListField(
        child=serializers.CharField(), help_text="The dependency's features that are turned on."
    )
    target = serializers.CharField(
        allow_null=True, help_text="The platform that it is limited to, null for all."
    )
    registry = serializers.CharField(
        help_text="The index URL of its registry. The index of that registry itself says null."
    )

    class Meta:
        ref_name = "cargo.Dependency"
