"""Tokens in Pulp's REST API: `Authorization: Bearer pulp_cargo_…`, with the scope `api`.

The request then has the rights of the token's user, further limited by `rules/api_access`. Other
requests that Pulp authenticates in this way, such as those for content, know no tokens.

DRF imports this while Pulp's own viewsets are being imported, so what needs those is imported later.
"""

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from pulp_cargo.rules.api_access import missing_scopes
from pulp_cargo.rules.token_scopes import Scope

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from pulpcore.plugin.viewsets import NamedModelViewSet

    from pulp_cargo.app.models import CargoToken

SCHEME = b"bearer"


class CargoTokenAuthentication(BaseAuthentication):
    """Authenticates requests to the REST API by a token."""

    def authenticate(self, request: Request) -> "tuple[AbstractBaseUser, CargoToken] | None":
        """Return the user and the token, None for a request without a token of ours.

        Raises AuthenticationFailed for a token that is not valid, and PermissionDenied for a
        request that it is not for.
        """
        from pulpcore.plugin.util import get_domain
        from pulpcore.plugin.viewsets import NamedModelViewSet

        from pulp_cargo.app.queries.registry.token_scopes import valid_token
        from pulp_cargo.app.services.tokens import PREFIX, note_use

        secret = _bearer(request)
        view = (request.parser_context or {}).get("view")
        # Neither views for everybody, such as the status, nor what the content app makes of its
        # requests.
        if not secret.startswith(PREFIX) or not isinstance(view, NamedModelViewSet):
            return None
        token = valid_token(secret, pulp_domain=get_domain())
        if token is None:
            raise AuthenticationFailed("This token is not valid here: it is unknown or expired.")
        _require_scopes(token, view, is_safe=request.method in SAFE_METHODS)
        note_use(token.pk)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return 'Bearer realm="api"'


def _bearer(request: Request) -> str:
    """Return the bearer token of a request, "" without one; that of others is not ours."""
    scheme, _, value = get_authorization_header(request).strip().partition(b" ")
    return value.strip().decode("utf-8", "surrogateescape") if scheme.lower() == SCHEME else ""


def _require_scopes(token: "CargoToken", view: "NamedModelViewSet", *, is_safe: bool) -> None:
    # The versions of all plugins' repositories have the same name below them.
    parents = view.parent_viewset.endpoint_pieces() if view.parent_viewset else []
    endpoint = "/".join([*parents, *view.endpoint_pieces()])
    # OPTIONS and methods that the view does not have are no action.
    action = view.action or "list"
    scopes = [Scope(scope) for scope in token.scopes]
    missing = missing_scopes(endpoint, action, scopes, is_safe=is_safe)
    if missing is None:
        raise PermissionDenied("This request requires a password: it cannot be sent with a token.")
    if missing:
        names = " and ".join(f"`{scope.value}`" for scope in sorted(missing))
        raise PermissionDenied(f"This token lacks the scope {names}.")
