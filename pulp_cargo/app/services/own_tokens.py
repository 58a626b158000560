"""The tokens of one user: listed, created and revoked by the rules of the REST API.

The account page and the web API use this. The access policy, the scope of the queryset and the
serializer are those of the token viewset, so that no rule exists twice.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError
from django.db.models import Q
from django.http import Http404, HttpRequest
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, ValidationError
from rest_framework.request import Request

from pulpcore.plugin.models import Domain
from pulpcore.plugin.util import get_prn
from pulpcore.plugin.viewsets import NamedModelViewSet

from pulp_cargo.app.models import CargoDistribution, CargoToken
from pulp_cargo.app.models.core import get_viewset_for_model, with_domain, with_user
from pulp_cargo.protocol.web_api.ids import numeric_id

# Maximum number of tokens in a list, the newest first.
MOST_TOKENS = 500
NO_TOKEN = "You have no such token."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has sent a request; `by_session` if signing out can end that."""

    user: AbstractBaseUser
    by_session: bool


def signed_in(http: HttpRequest) -> SignedIn | None:
    """Return who has sent a request, by the authentication of Pulp's REST API; None for nobody.

    Raises PermissionDenied for a request that another site may have caused.
    """
    authenticators = get_viewset_for_model(CargoToken)().get_authenticators()
    request = Request(http, authenticators=authenticators)
    try:
        user = request.user
    except AuthenticationFailed:
        return None
    if not user or not user.is_authenticated:
        return None
    return SignedIn(user, isinstance(request.successful_authenticator, SessionAuthentication))


@dataclass(frozen=True, slots=True)
class OwnTokens:
    """A user's tokens in a domain; `distribution` limits them to those valid for one registry."""

    user: AbstractBaseUser
    domain: Domain
    distribution: UUID | None = None

    def newest(self) -> Sequence[CargoToken]:
        """Return the newest tokens; raises PermissionDenied."""
        with self._acting():
            return list(self._view("list").get_queryset()[:MOST_TOKENS])

    def numbered(self, number: int) -> CargoToken:
        """Return the token with this number in the web API; raises Http404 or PermissionDenied."""
        with self._acting():
            tokens = self._view("list").get_queryset()
            pks = tokens.values_list("pk", flat=True)
            pk = next((one for one in pks.iterator() if numeric_id(one) == number), None)
            token = None if pk is None else tokens.filter(pk=pk).first()
        if token is None:
            raise Http404(NO_TOKEN)
        return token

    def create(self, **fields: Any) -> CargoToken:
        """Create a token, and return it with its `secret`.

        Raises ValidationError, or PermissionDenied.
        """
        if self.distribution is not None:
            only = CargoDistribution(
                pk=self.distribution, pulp_type=CargoDistribution.get_pulp_type()
            )
            fields["distribution"] = get_prn(only)
        with self._acting():
            serializer = self._view("create").get_serializer(data=fields)
            serializer.is_valid(raise_exception=True)
            try:
                token: CargoToken = serializer.save()
            except IntegrityError as error:
                # A request at the same time has created it.
                raise ValidationError(
                    {"name": "You already have a token with this name."}
                ) from error
            return token

    def revoke(self, pk: UUID) -> None:
        """Delete a token; raises Http404, also for tokens of others, or PermissionDenied."""
        with self._acting():
            try:
                view = self._view("destroy", pk=pk)
                view.perform_destroy(view.get_object())
            except Http404 as error:
                raise Http404(NO_TOKEN) from error

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """Act for the user in the domain, as the middlewares of the REST API do."""
        if not isinstance(self.user, get_user_model()):
            raise PermissionDenied("Tokens are for users of this Pulp.")
        with with_domain(self.domain), with_user(self.user):
            yield

    def _view(self, action: str, **kwargs: Any) -> NamedModelViewSet:
        """Return the viewset with the user's tokens; raises PermissionDenied.

        The request is a new one, without the query and the body of the page's.
        """
        http = HttpRequest()
        http.method = {"list": "GET", "create": "POST", "destroy": "DELETE"}[action]
        http.pulp_domain = self.domain
        request = Request(http)
        request.user = self.user
        view = get_viewset_for_model(CargoToken)()
        view.request, view.action, view.args, view.kwargs = request, action, (), kwargs
        view.format_kwarg = None
        view.admitted = self.distribution
        # Filters are for queries of the REST API.
        view.filterset_class = None
        own = Q(user=self.user, pulp_domain=self.domain)
        if self.distribution is not None:
            own &= Q(distribution=None) | Q(distribution=self.distribution)
        view.queryset = view.queryset.filter(own)
        view.check_permissions(request)
        return view
