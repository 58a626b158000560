"""Fields that name what the asker may see; anything else is refused as if it were not there.

Core's look among all that there is: knowing its href, people could serve in a repository of their
own what they may not see. The context has functions that return what the asker sees, by model
(`viewsets/visible`).
"""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Exists, Model, OuterRef, QuerySet
from drf_spectacular.utils import extend_schema_field

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Artifact, ContentArtifact, RepositoryVersion
from pulpcore.plugin.util import get_domain

from pulp_cargo.app.models import CargoCratePolicy, CargoRepository, CrateContent


class VisibleVersionField(core.RepositoryVersionRelatedField):
    """Takes the versions of the repositories that the asker may see."""

    def get_queryset(self) -> QuerySet[RepositoryVersion]:
        """Return those versions."""
        repositories = self.context["visible"][CargoRepository]()
        return super().get_queryset().filter(repository__in=repositories.values("pk"))

    def to_internal_value(self, data: str) -> RepositoryVersion:
        """Refuse the PRN of nothing, at which core breaks off."""
        try:
            return super().to_internal_value(data)
        except ObjectDoesNotExist:
            self.fail("does_not_exist")


class VisibleDetailField(core.DetailRelatedField):
    """Takes the objects of the domain that the asker may see."""

    def get_queryset(self) -> QuerySet:
        """Return those objects; the tasks that do what was asked have all of the domain."""
        found = super().get_queryset().filter(pulp_domain=get_domain())
        if "visible" not in self.context:
            return found
        return found.filter(pk__in=self.context["visible"][found.model]().values("pk"))

    def to_internal_value(self, data: Any) -> Model:
        """Refuse what is no text, and the PRN of nothing or of something else, as core does not."""
        if not isinstance(data, str):
            self.fail("incorrect_type", data_type=type(data).__name__)
        try:
            return super().to_internal_value(data)
        except (ObjectDoesNotExist, ValueError):
            self.fail("does_not_exist")


# Core's schema does not say that a unit may be without its file; `allow_null` would let requests say so.
@extend_schema_field({"type": ["string", "null"], "format": "uri"})
class VisibleArtifactField(core.SingleContentArtifactField):
    """Takes the files of crates that the asker may see, and those that are nobody's yet."""

    def get_queryset(self) -> QuerySet[Artifact]:
        """Return those files; administrators, and the tasks that do what was asked, have all."""
        artifacts = super().get_queryset()
        if "visible" not in self.context or self.context["request"].user.is_superuser:
            return artifacts
        uses = ContentArtifact.objects.filter(artifact=OuterRef("pk"))
        crates = self.context["visible"][CrateContent]()
        return artifacts.filter(
            ~Exists(uses) | Exists(uses.filter(content__in=crates.values("pk")))
        )


class CratePolicyField(core.RelatedField):
    """Takes the crate policies that the asker may see."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            view_name="cargo/crate-policies-detail",
            queryset=CargoCratePolicy.objects.all(),
            required=False,
            allow_null=True,
            **kwargs,
        )

    def get_queryset(self) -> QuerySet[CargoCratePolicy]:
        """Return those policies; the tasks that do what was asked have all."""
        if "visible" not in self.context:
            return super().get_queryset()
        return self.context["visible"][CargoCratePolicy]()

    def to_internal_value(self, data: str) -> CargoCratePolicy:
        """Refuse what is no text, and the PRN of nothing, at which core breaks off."""
        if not isinstance(data, str):
            self.fail("incorrect_type", data_type=type(data).__name__)
        try:
            return super().to_internal_value(data)
        except ObjectDoesNotExist:
            self.fail("does_not_exist")
