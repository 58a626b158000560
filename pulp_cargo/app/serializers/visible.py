"""Fields that reference objects the user may view; others are refused as if they did not exist.

Core's fields accept any object: by its href, users could add content that they may not view to a
repository of their own, and the response would tell whether there is an object with this href. Core
validates requests in its access policies as well, before it asks for the rights on what they
reference. In tasks there is no request, and the fields accept all objects of the domain.
"""

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.fields import empty
from rest_framework.request import Request

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import (
    Artifact,
    AsciiArmoredDetachedSigningService,
    ContentArtifact,
    MasterModel,
    Repository,
    RepositoryVersion,
    SigningService,
    Upload,
)
from pulpcore.plugin.util import get_domain, resolve_prn

from pulp_cargo.app.models import CargoCratePolicy, CargoDistribution, CrateContent
from pulp_cargo.app.models.core import get_viewset_for_model
from pulp_cargo.app.queries.registry.usable import is_usable


def visible(request: Request, model: type[Model]) -> QuerySet:
    """Return what the sender of a request sees in the list of a model."""
    lister = get_viewset_for_model(model)()
    lister.request = request
    return lister.get_queryset()


def may_view(request: Request, found: Model) -> bool:
    """Return whether the sender of a request would get an object of the request's domain."""
    if request.user.is_superuser:
        return True
    shown = found.repository.cast() if isinstance(found, RepositoryVersion) else found
    view = get_viewset_for_model(shown)()
    view.request, view.action, view.format_kwarg = request, "retrieve", None
    view.kwargs = {"pk": str(shown.pk)}
    try:
        view.check_permissions(request)
    except (Http404, NotAuthenticated, PermissionDenied):
        return False
    return bool(view.get_queryset().filter(pk=shown.pk).exists())


class VisibleReference:
    """A mixin for objects of the domain that the user may view; precedes core's field.

    What the object to be changed references already is accepted as well: the user can see that.
    """

    # The lookup of an object's domain, None if it has none.
    domain: str | None = "pulp_domain"

    def get_queryset(self) -> QuerySet:
        """Limit to the domain."""
        found = super().get_queryset()
        return found if self.domain is None else found.filter(**{self.domain: get_domain()})

    def get_object(self, view_name: str, view_args: Any, view_kwargs: Any) -> Model:
        """Raise ObjectDoesNotExist for an object that the user may not view, too."""
        return self._open(super().get_object(view_name, view_args, view_kwargs))

    def is_open(self, request: Request, found: Model) -> bool:
        """Return whether the user may reference an object."""
        return may_view(request, found)

    def to_internal_value(self, data: Any) -> Model:
        """Refuse other types, what is no URL, and PRNs of nothing, at which core fails."""
        if not isinstance(data, str):
            self.fail("incorrect_type", data_type=type(data).__name__)
        if data.startswith("prn:"):
            return self._named_by(data)
        try:
            urlsplit(data)
        except ValueError:
            # For instance, its host begins as an IPv6 address: `http://[`.
            self.fail("no_match")
        try:
            return super().to_internal_value(data)
        except ValueError:
            self.fail("does_not_exist")

    def _named_by(self, prn: str) -> Model:
        """Return the object of a PRN.

        Core looks for it before it checks what kind of object it is, and tells the two apart.
        """
        model, pk = resolve_prn(prn)
        accepted = self.get_queryset()
        if issubclass(model, accepted.model) or issubclass(accepted.model, model):
            # Core checks only keys that the model itself has, not those of its parents.
            with suppress(ObjectDoesNotExist, DjangoValidationError):
                found = accepted.get(pk=pk)
                return self._open(found.cast() if isinstance(found, MasterModel) else found)
        self.fail("does_not_exist")

    def _open(self, found: Model) -> Model:
        request = self.context.get("request")
        if request is None or self._is_unchanged(found) or self.is_open(request, found):
            return found
        raise ObjectDoesNotExist

    def _is_unchanged(self, found: Model) -> bool:
        before = getattr(self.parent, "instance", None)
        return getattr(before, f"{self.source}_id", None) == found.pk


class VisibleVersionField(VisibleReference, core.RepositoryVersionRelatedField):
    """Accepts versions of repositories that the user may view."""

    domain = "repository__pulp_domain"


class VisibleDetailField(VisibleReference, core.DetailRelatedField):
    """Accepts objects of master models."""


class RepositoryOfUnitField(VisibleDetailField):
    """Accepts the repository, of any type, that a new unit is added to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            write_only=True,
            view_name_pattern=r"repositories(-.*/.*)-detail",
            queryset=Repository.objects.all(),
            help_text="A URI of a repository the new content unit should be associated with.",
            **kwargs,
        )


class VisibleRelatedField(VisibleReference, core.RelatedField):
    """Accepts objects of other models."""


class SigningServiceField(VisibleRelatedField):
    """Accepts signing services, which by default only administrators may view."""

    domain = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            view_name="signing-services-detail",
            queryset=AsciiArmoredDetachedSigningService.objects.all(),
            required=False,
            allow_null=True,
            **kwargs,
        )

    def is_open(self, request: Request, found: SigningService) -> bool:
        """Ask the viewset of all kinds of signing services."""
        return may_view(request, SigningService(pk=found.pk))


class VisibleUploadField(VisibleRelatedField):
    """Accepts uploads."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            view_name="uploads-detail", queryset=Upload.objects.all(), required=False, **kwargs
        )


class CratePolicyField(VisibleRelatedField):
    """Accepts crate policies."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            view_name="cargo/crate-policies-detail",
            queryset=CargoCratePolicy.objects.all(),
            required=False,
            allow_null=True,
            **kwargs,
        )


# Core's schema says that it is a URI.
@extend_schema_field({"type": "string"})
class NamedDetailField(VisibleDetailField):
    """Accepts objects by href, PRN or name."""

    def run_validation(self, data: Any = empty) -> Model | None:
        """Refuse an empty name, which DRF would take for null."""
        if data == "":
            self.fail("does_not_exist", pk_value=data)
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Model:
        """Look for the name if it is neither an href nor a PRN."""
        if not isinstance(data, str) or data.startswith(("/", "prn:", "http://", "https://")):
            return super().to_internal_value(data)
        named = visible(self.context["request"], self.get_queryset().model)
        found = named.filter(name=data, pulp_domain=get_domain()).first()
        if found is None:
            self.fail("does_not_exist")
        return found


class UsableDistributionField(NamedDetailField):
    """Accepts also registries that the user may use, but not view, by href or PRN.

    The web API of a registry has checked that itself, and names the registry as `admitted`.
    """

    def is_open(self, request: Request, found: CargoDistribution) -> bool:
        """Return whether the user may use or view a registry."""
        if found.pk == self.context.get("admitted") or super().is_open(request, found):
            return True
        return is_usable(request.user, found)


# Core's schema does not allow null for a unit without file; `allow_null` would allow it in
# requests.
@extend_schema_field({"type": ["string", "null"], "format": "uri"})
class VisibleArtifactField(VisibleReference, core.SingleContentArtifactField):
    """Accepts files of crates that the user may view, and files of no unit."""

    def is_open(self, request: Request, found: Artifact) -> bool:
        """Return whether a file is one of these; administrators may use all."""
        if request.user.is_superuser:
            return True
        uses = ContentArtifact.objects.filter(artifact=OuterRef("pk"))
        crates = visible(request, CrateContent).values("pk")
        files = Artifact.objects.filter(
            ~Exists(uses) | Exists(uses.filter(content__in=crates)), pk=found.pk
        )
        return bool(files.exists())
