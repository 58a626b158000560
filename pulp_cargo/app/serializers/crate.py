"""Crate versions and yank marks in the REST API; see models/crate.py for what they are."""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pulpcore.plugin import serializers as core
from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import Artifact
from pulpcore.plugin.util import get_domain_pk

from pulp_cargo.app.models import CargoRepository, CrateContent, CrateYank
from pulp_cargo.app.queries.registries import own_urls
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.dependency import DependencySerializer
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.services import units
from pulp_cargo.protocol.errors import RegistryError, RuleBroken, TooLarge
from pulp_cargo.protocol.index import Features, parse_line
from pulp_cargo.protocol.names import canonical_name, parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.crates_io import complaints

# Pulp's own fields that make no sense here: a file's path follows from its name and version, and
# a registry never replaces a version.
OMITTED = {"relative_path", "overwrite"}

# Every field that is read from the .crate file, with its meaning.
CRATE_FIELDS = {
    "name": "The name of the crate, as its Cargo.toml spells it.",
    "canonical_name": "The name in lower case and with `_` for `-`: one crate for any spelling.",
    "vers": "The version of the crate, with build metadata if it has any.",
    "cksum": "The SHA-256 of the .crate file, in hex.",
    "pubtime": "When the version was first published.",
    "links": "The native library that the crate links to.",
    "rust_version": "The lowest version of Rust that the crate is made for.",
    "edition": "The edition of Rust that the crate is written in.",
    "description": "What the crate is, in a few words.",
    "license": "The SPDX expression of the crate's licence.",
    "license_file": "The path of the licence's text in the .crate file.",
    "keywords": "The keywords of the crate.",
    "categories": "The categories of the crate.",
    "authors": "The authors that the crate names.",
    "homepage": "The URL of the crate's home page.",
    "documentation": "The URL of the crate's documentation.",
    "repository_url": "The URL of the crate's sources, `repository` in its Cargo.toml.",
    "readme": "The text of the crate's readme; leave it out with `exclude_fields=readme`.",
}


class CrateContentSerializer(DocumentedFields, core.SingleArtifactContentUploadSerializer):
    """Shows a crate version, and makes one of a .crate file as `cargo publish` would."""

    dependencies = serializers.SerializerMethodField(
        help_text="The dependencies of the crate, as in the registry's index."
    )
    features = serializers.SerializerMethodField(
        help_text="The features of the crate, each with what it turns on."
    )

    class Meta(core.SingleArtifactContentUploadSerializer.Meta):
        model = CrateContent
        fields = (
            *(
                name
                for name in core.SingleArtifactContentUploadSerializer.Meta.fields
                if name not in OMITTED
            ),
            *CRATE_FIELDS,
            "dependencies",
            "features",
        )
        read_only_fields = tuple(CRATE_FIELDS)
        extra_kwargs = {name: {"help_text": text} for name, text in CRATE_FIELDS.items()}

    @extend_schema_field(DependencySerializer(many=True))
    def get_dependencies(self, unit: CrateContent) -> list[dict[str, Any]]:
        """Return the dependencies in the unit's index line."""
        return DependencySerializer(parse_line(unit.index_line).deps, many=True).data

    def get_features(self, unit: CrateContent) -> dict[str, list[str]]:
        """Return both feature tables of the unit's index line as one, as cargo reads them."""
        entry = parse_line(unit.index_line)
        features: Features = entry.features | (entry.features2 or {})
        return {name: list(values) for name, values in features.items()}

    def validate_file(self, file: UploadedFile) -> UploadedFile:
        """Refuse a file that is too large before it is stored."""
        with refused_as_invalid():
            _require_size(file.size)
        return file

    def deferred_validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Add everything that the .crate file says; runs in a task."""
        data = super().deferred_validate(data)
        try:
            unit = _unit_of(data["artifact"], data.get("repository"))
        except RegistryError as error:
            raise ValidationError(str(error)) from error
        fields = [field.attname for field in CrateContent._meta.local_concrete_fields]
        read = {name: getattr(unit, name) for name in fields if not name.endswith("_id")}
        return data | read | {"relative_path": unit.relative_path}

    def retrieve(self, validated_data: dict[str, Any]) -> CrateContent | None:
        """Return the unit that the same bytes made before."""
        return CrateContent.objects.filter(
            name=validated_data["name"],
            vers=validated_data["vers"],
            cksum=validated_data["cksum"],
            _pulp_domain=get_domain_pk(),
        ).first()


class CrateYankSerializer(DocumentedFields, core.NoArtifactContentSerializer):
    """Shows and makes the mark that a version is yanked."""

    name = serializers.CharField(
        source="canonical_name",
        write_only=True,
        help_text="The name of the crate, in any spelling.",
    )
    vers = serializers.CharField(
        source="vers_key",
        help_text="The version that is yanked; build metadata makes no difference.",
    )

    class Meta(core.NoArtifactContentSerializer.Meta):
        model = CrateYank
        fields = (
            *(name for name in core.NoArtifactContentSerializer.Meta.fields if name not in OMITTED),
            "name",
            "canonical_name",
            "vers",
        )
        read_only_fields = ("canonical_name",)
        extra_kwargs = {"canonical_name": {"help_text": CRATE_FIELDS["canonical_name"]}}

    def validate_name(self, name: str) -> str:
        """Return the canonical form of a name."""
        with refused_as_invalid():
            return canonical_name(parse_crate_name(name))

    def validate_vers(self, vers: str) -> str:
        """Return a version without its build metadata."""
        with refused_as_invalid():
            return parse_version(vers).without_build

    def retrieve(self, validated_data: dict[str, Any]) -> CrateYank | None:
        """Return the mark that is there already."""
        return CrateYank.objects.filter(
            canonical_name=validated_data["canonical_name"],
            vers_key=validated_data["vers_key"],
            _pulp_domain=get_domain_pk(),
        ).first()


def _unit_of(artifact: Artifact, repository: CargoRepository | None) -> CrateContent:
    """Read a stored .crate file and return its unit; raises RegistryError."""
    _require_size(artifact.size)
    with artifact.file.open("rb") as file:
        manifest, crate_file = units.read(file, name=None, vers=None)
        if manifest.readme and crate_file.readme(manifest.readme) is None:
            # The readme is not in the root; only the manifest could tell where it is.
            file.seek(0)
            manifest, crate_file = units.read(file, name=None, vers=None, readme=manifest.readme)
    if repository is not None and repository.crates_io_rules:
        broken = complaints(manifest, own_urls=own_urls(repository))
        if broken:
            raise RuleBroken(broken)
    return units.unit_of(
        manifest,
        cksum=artifact.sha256,
        readme=units.readme_text(crate_file, manifest),
        pubtime=timezone.now(),
    )


def _require_size(size: int) -> None:
    limit = settings.CARGO_MAX_CRATE_BYTES
    if size > limit:
        raise TooLarge(f"the crate file has {size} bytes, and this registry takes at most {limit}")
