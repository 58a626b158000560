"""Fields that reference objects the user may view; others are refused as if they did not exist.

Core's fields accept any object: by its href, users could add content that they may not view to a
repository of their own. The context has functions that return what the user may view, by model
(`viewsets/visible`).
"""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Exists, Model, OuterRef, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework.fields import empty

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Artifact, ContentArtifact, RepositoryVersion
from pulpcore.plugin.util import get_domain

from pulp_cargo.app.models import CargoCratePolicy, CargoRepository, CrateContent


class VisibleVersionField(core.RepositoryVersionRelatedField):
    """Accepts versions of repositories that the user may view."""

    def get_queryset(self) -> QuerySet[RepositoryVersion]:
        """Return those versions."""
        repositories = self.context["visible"][CargoRepository]()
        return super().get_queryset().filter(repository__in=repositories.values("pk"))

    def to_internal_value(self, data: str) -> RepositoryVersion:
        """Refuse an unknown PRN, at which core fails."""
        try:
            return super().to_internal_value(data)
        except ObjectDoesNotExist:
            self.fail("does_not_exist")


class VisibleDetailField(core.DetailRelatedField):
    """Accepts objects of the domain that the user may view."""

    def get_queryset(self) -> QuerySet:
        """Return these objects; tasks may use all of the domain."""
        found = super().get_queryset().filter(pulp_domain=get_domain())
        if "visible" not in self.context:
            return found
        return found.filter(pk__in=self.context["visible"][found.model]().values("pk"))

    def to_internal_value(self, data: Any) -> Model:
        """Refuse other types, and unknown or foreign PRNs, which core does not."""
        if not isinstance(data, str):
            self.fail("incorrect_type", data_type=type(data).__name__)
        try:
            return super().to_internal_value(data)
        except (ObjectDoesNotExist, ValueError):
            self.fail("does_not_exist")


# Core's schema says that it is a URI.
@extend_schema_field({"type": "string"})
class NamedDetailField(VisibleDetailField):
    """Accepts objects of the domain by href or PRN, and those that the user may view by name.

    The context has these in `named`. Names can be guessed, so others are not there.
    """

    def run_validation(self, data: Any = empty) -> Model | None:
        """Refuse an empty name, which DRF would take for null."""
        if data == "":
            self.fail("does_not_exist", pk_value=data)
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Model:
        """Look for the name if it is neither an href nor a PRN."""
        if not isinstance(data, str) or data.startswith(("/", "prn:", "http://", "https://")):
            return super().to_internal_value(data)
        named = self.context["named"][self.get_queryset().model]()
        found = named.filter(name=data, pulp_domain=get_domain()).first()
        if found is None:
            self.fail("does_not_exist")
        return found


# Core's schema does not allow null for a unit without file; `allow_null` would allow it in
# requests.
@extend_schema_field({"type": ["string", "null"], "format": "uri"})
class VisibleArtifactField(core.SingleContentArtifactField):
    """Accepts files of crates that the user may view, and files of no unit."""

    def get_queryset(self) -> QuerySet[Artifact]:
        """Return these files; administrators and tasks may use all."""
        artifacts = super().get_queryset()
        if "visible" not in self.context or self.context["request"].user.is_superuser:
            return artifacts
        uses = ContentArtifact.objects.filter(artifact=OuterRef("pk"))
        crates = self.context["visible"][CrateContent]()
        return artifacts.filter(
            ~Exists(uses) | Exists(uses.filter(content__in=crates.values("pk")))
        )


class CratePolicyField(core.RelatedField):
    """Accepts crate policies that the user may view."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            view_name="cargo/crate-policies-detail",
            queryset=CargoCratePolicy.objects.all(),
            required=False,
            allow_null=True,
            **kwargs,
        )

    def get_queryset(self) -> QuerySet[CargoCratePolicy]:
        """Return these policies; tasks may use all."""
        if "visible" not in self.context:
            return super().get_queryset()
        return self.context["visible"][CargoCratePolicy]()

    def to_internal_value(self, data: str) -> CargoCratePolicy:
        """Refuse other types and an unknown PRN, at which core fails."""
        if not isinstance(data, str):
            self.fail("incorrect_type", data_type=type(data).__name__)
        try:
            return super().to_internal_value(data)
        except ObjectDoesNotExist:
            self.fail("does_not_exist")
