"""Crate versions and yank marks (models/crate.py) in the REST API."""

import json
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pulpcore.plugin import serializers as core
from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import Artifact
from pulpcore.plugin.util import get_domain_pk

from pulp_cargo.app.models import CargoRepository, CrateContent, CrateYank
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.dependency import DependencySerializer
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.modifiable import IntoModifiableRepository
from pulp_cargo.app.serializers.storable import require_object
from pulp_cargo.app.serializers.visible import (
    RepositoryOfUnitField,
    VisibleArtifactField,
    VisibleUploadField,
)
from pulp_cargo.app.services.crates import crate_unit
from pulp_cargo.app.services.process import this_process
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.index import Features, IndexEntry, parse_line
from pulp_cargo.protocol.names import canonical_name, parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.metadata_source import FILE, NO_TIME
from pulp_cargo.rules.storable import LONGEST_SHOWN

# Fields of Pulp that do not apply: a file's path follows from name and version, and a registry
# never replaces a version.
OMITTED = {"relative_path", "overwrite"}

# Created once: creating it takes longer than serializing all dependencies of a unit.
DEPENDENCY = DependencySerializer()

# The fields that are read from the .crate file.
CRATE_FIELDS = {
    "name": "The name of the crate, as spelled in its Cargo.toml.",
    "canonical_name": "The name in lower case, with `_` for `-`. It is the same for all spellings"
    " of a name.",
    "vers": "The version of the crate, including build metadata.",
    "cksum": "The SHA-256 of the .crate file, in hex.",
    "pubtime": "When the version was first published.",
    "links": "The native library that the crate links to (`links` in its Cargo.toml).",
    "rust_version": "The minimum Rust version that the crate supports.",
    "edition": "The Rust edition of the crate.",
    "description": "A short description of the crate.",
    "license": "The SPDX expression of the crate's licence.",
    "license_file": "The path of the licence text in the .crate file.",
    "keywords": "The keywords of the crate.",
    "categories": "The categories of the crate.",
    "authors": "The authors of the crate.",
    "homepage": "The URL of the crate's home page.",
    "documentation": "The URL of the crate's documentation.",
    "repository_url": "The URL of the crate's source repository (`repository` in its Cargo.toml).",
    "readme": "The text of the crate's readme. To omit it, use `exclude_fields=readme`.",
}


class CrateContentSerializer(
    IntoModifiableRepository, DocumentedFields, core.SingleArtifactContentUploadSerializer
):
    """Shows a crate version, and creates one from a .crate file as `cargo publish` would."""

    repository = RepositoryOfUnitField()
    upload = VisibleUploadField(
        write_only=True,
        help_text="An uncommitted upload that may be turned into the content unit.",
    )
    artifact = VisibleArtifactField(
        required=False, help_text="The stored .crate file of the crate version."
    )
    is_read = serializers.BooleanField(
        read_only=True,
        help_text="Whether the metadata were read from the .crate file. If not, an upstream"
        " supplied them.",
    )
    size = serializers.SerializerMethodField(
        help_text="The size of the .crate file in bytes; null if the file is not stored."
    )
    dependencies = serializers.SerializerMethodField(
        help_text="The dependencies of the crate, as in the registry's index."
    )
    features = serializers.SerializerMethodField(
        help_text="The features of the crate, each with the features and dependencies that it"
        " enables."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Refuse data at which core fails here: it reads labels before anything is validated."""
        if "data" in kwargs:
            require_object(kwargs["data"])
            _require_json(kwargs["data"].get("pulp_labels"), "pulp_labels")
        super().__init__(*args, **kwargs)

    class Meta(core.SingleArtifactContentUploadSerializer.Meta):
        model = CrateContent
        fields = (
            *(
                name
                for name in core.SingleArtifactContentUploadSerializer.Meta.fields
                if name not in OMITTED
            ),
            *CRATE_FIELDS,
            "is_read",
            "size",
            "dependencies",
            "features",
        )
        read_only_fields = tuple(CRATE_FIELDS)
        extra_kwargs = {name: {"help_text": text} for name, text in CRATE_FIELDS.items()}

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_size(self, unit: CrateContent) -> int | None:
        """Return the size of the unit's artifact, which lists prefetch for all units."""
        return next((artifact.size for artifact in unit._artifacts.all()), None)

    @extend_schema_field(DependencySerializer(many=True))
    def get_dependencies(self, unit: CrateContent) -> list[dict[str, Any]]:
        """Return the dependencies in the unit's index line."""
        return [DEPENDENCY.to_representation(dep) for dep in _entry(unit).deps]

    def get_features(self, unit: CrateContent) -> dict[str, list[str]]:
        """Return both feature tables of the unit's index line merged, as cargo does."""
        entry = _entry(unit)
        features: Features = entry.features | (entry.features2 or {})
        return {name: list(values) for name, values in features.items()}

    def validate_file(self, file: UploadedFile) -> UploadedFile:
        """Refuse a file that is too large, or for which there is no room, before it is stored."""
        with refused_as_invalid():
            this_process().services.disk.require_room()
            crate_unit.require_size(file.size)
        return file

    def deferred_validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Add the fields that are read from the .crate file; runs in a task."""
        data = super().deferred_validate(data)
        try:
            unit = _unit_of(data["artifact"], data.get("repository"))
        except RegistryError as error:
            raise ValidationError(str(error)) from error
        fields = [field.attname for field in CrateContent._meta.local_concrete_fields]
        read = {name: getattr(unit, name) for name in fields if not name.endswith("_id")}
        return data | read | {"relative_path": unit.relative_path}

    def retrieve(self, validated_data: dict[str, Any]) -> CrateContent | None:
        """Return the existing unit that was read from the same bytes."""
        return CrateContent.objects.filter(
            name=validated_data["name"],
            vers=validated_data["vers"],
            cksum=validated_data["cksum"],
            metadata_source=FILE,
            time_source=NO_TIME,
            _pulp_domain=get_domain_pk(),
        ).first()


class CrateYankSerializer(
    IntoModifiableRepository, DocumentedFields, core.NoArtifactContentSerializer
):
    """Shows and creates yank marks."""

    repository = RepositoryOfUnitField()
    name = serializers.CharField(
        source="canonical_name",
        help_text="The name of the crate, in any spelling. Responses have it as `canonical_name`,"
        " because a mark applies to all spellings.",
    )
    vers = serializers.CharField(
        help_text="The version that is yanked, including build metadata.",
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
        """Return a version in the form of the index."""
        with refused_as_invalid():
            return str(parse_version(vers))

    def retrieve(self, validated_data: dict[str, Any]) -> CrateYank | None:
        """Return the existing mark."""
        return CrateYank.objects.filter(
            canonical_name=validated_data["canonical_name"],
            vers=validated_data["vers"],
            _pulp_domain=get_domain_pk(),
        ).first()


def _require_json(value: Any, field: str) -> None:
    """Refuse text that is not JSON; in a form, objects are sent as text."""
    if not isinstance(value, str):
        return
    try:
        json.loads(value)
    except (ValueError, RecursionError) as error:
        fault = f"{value[:LONGEST_SHOWN]!r} is not JSON"
        raise serializers.ValidationError({field: [fault]}) from error


def _unit_of(artifact: Artifact, repository: CargoRepository | None) -> CrateContent:
    """Read a stored .crate file and return its unit; raises RegistryError."""
    crate_unit.require_size(artifact.size)
    with artifact.file.open("rb") as file:
        unit = crate_unit.unit_of_file(
            file,
            cksum=artifact.sha256,
            pubtime=timezone.now(),
            strict=crate_unit.strict_urls(repository),
        )
    if repository is not None:
        # The task has reserved the repository, so nobody publishes meanwhile.
        crate_unit.require_new_number(repository, unit)
    return unit


def _entry(unit: CrateContent) -> IndexEntry:
    """Return the parsed index line, parsed once for each unit that is shown."""
    if not hasattr(unit, "_read_entry"):
        unit._read_entry = parse_line(unit.index_line)
    return cast(IndexEntry, unit._read_entry)
