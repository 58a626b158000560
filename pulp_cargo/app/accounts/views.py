"""The views of the account page: sign in, see, create and revoke tokens, sign out.

Who has signed in is decided by the authentication of the REST API, and what they may do by
`own_tokens`; Django's middlewares check the CSRF token of every form.
"""

from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import global_settings, settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import LoginView, LogoutView, redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition
from rest_framework.exceptions import PermissionDenied, ValidationError

from pulpcore.plugin.models import Domain

from pulp_cargo.app.accounts.token_form import TokenForm
from pulp_cargo.app.models import CargoToken
from pulp_cargo.app.queries.registry import registry as registries
from pulp_cargo.app.queries.registry.account_url import account_query
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.registry.token_scopes import scopes_of_roles
from pulp_cargo.app.queries.registry.usable import usable_registries, usable_registry
from pulp_cargo.app.services.own_tokens import OwnTokens, SignedIn, signed_in
from pulp_cargo.protocol.cargo_config import registry_key
from pulp_cargo.rules.stylesheet import CONTENT_SECURITY_POLICY, stylesheet, stylesheet_etag
from pulp_cargo.rules.token_scopes import Scope

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    # Django's CSRF check of requests over TLS needs the Referer.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# Maximum number of registries in the form.
MOST_REGISTRIES = 500


class Protected:
    """Adds the headers that protect pages with secrets."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the response with the headers."""
        response = super().dispatch(request, *args, **kwargs)
        for name, value in HEADERS.items():
            response[name] = value
        return response


class AccountPage(Protected, View):
    """A page for a user who has signed in; `domain` and `registry` in the query choose what."""

    person: SignedIn

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send strangers to the sign-in page, and show refusals as pages."""
        try:
            person = signed_in(request)
            if person is None:
                return redirect_to_login(self.url, login_url())
            self.person = person
            return super().dispatch(request, *args, **kwargs)
        except PermissionDenied as error:
            return self._refusal("You may not do this", str(error.detail), 403)
        except Http404 as error:
            return self._refusal("Not found", str(error), 404)

    @property
    def user(self) -> AbstractBaseUser:
        """The user of the page."""
        return self.person.user

    @cached_property
    def domain(self) -> Domain:
        """The chosen domain; raises Http404."""
        name = self._chosen("domain") if settings.DOMAIN_ENABLED else ""
        found = Domain.objects.filter(name=name or "default").first()
        if found is None:
            raise Http404(f"There is no domain {name!r}.")
        return found

    @cached_property
    def registry(self) -> Registry | None:
        """The chosen registry, None without one; raises Http404."""
        path = self._chosen("registry")
        if not path:
            return None
        found = None
        if usable_registry(self.user, self.domain, path):
            found = registries.find(self.domain.name, path)
        if found is None or found.base_path != path:
            raise Http404(f"There is no registry {path!r} that you may use.")
        return found

    @property
    def url(self) -> str:
        """The URL of the account page with the same choice."""
        asked = self._chosen("domain"), self._chosen("registry")
        query = account_query(asked[0] or "default", asked[1]) if any(asked) else ""
        return reverse("cargo_account:account") + (f"?{query}" if query else "")

    @property
    def tokens(self) -> OwnTokens:
        """The user's tokens in the domain."""
        return OwnTokens(self.user, self.domain)

    def _chosen(self, name: str) -> str:
        # PostgreSQL refuses NUL characters.
        return self.request.GET.get(name, "").replace("\0", "")

    def _refusal(self, title: str, sentence: str, status: int) -> HttpResponse:
        context = {"title": title, "sentence": sentence}
        response = render(self.request, "cargo_account/refusal.html", context, status=status)
        for name, value in HEADERS.items():
            response[name] = value
        return response


class AccountView(AccountPage):
    """Lists the user's tokens, and creates new ones."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the tokens, and a form for a new one."""
        chosen = self.registry
        return self._page(TokenForm(registry=chosen.base_path if chosen else ""), chosen)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Create a token, and show its secret; it is in no other response."""
        # Before the token exists: a page that fails would lose its secret.
        chosen = self.registry
        form = TokenForm.sent(request.POST)
        fields = form.fields(self.user, self.domain)
        if not form.errors:
            try:
                token = self.tokens.create(**fields)
            except ValidationError as error:
                form.add_errors(error.detail)
            else:
                return self._page(TokenForm(registry=form.registry), chosen, token)
        return self._page(form, chosen, status=400)

    def _page(
        self,
        form: TokenForm,
        chosen: Registry | None,
        created: CargoToken | None = None,
        status: int = 200,
    ) -> HttpResponse:
        if created is not None and created.distribution is not None:
            chosen = registries.find(self.domain.name, created.distribution.base_path)
        tokens = self.tokens.newest()
        context = {
            "user": self.user,
            "can_sign_out": self.person.by_session,
            "domain": self.domain.name if settings.DOMAIN_ENABLED else None,
            "registry": chosen,
            "registries": self._choices(form),
            "url": self.url,
            "query": self.url.partition("?")[2],
            "tokens": [token for token in tokens if created is None or token.pk != created.pk],
            "now": timezone.now(),
            "form": form,
            "faults": form.errors.get("", []),
            "created": created,
            "config": self._config(chosen) if created and chosen else None,
            "key": registry_key(chosen.name) if chosen else None,
        }
        return render(self.request, "cargo_account/account.html", context, status=status)

    def _config(self, registry: Registry) -> str:
        reads = registry.access.is_public or Scope.READ in scopes_of_roles(self.user, registry)
        return registry.cargo_config(for_readers=reads)

    def _choices(self, form: TokenForm) -> list[tuple[str, str]]:
        """Return base paths and names of the registries in the form, with the chosen one."""
        found = usable_registries(self.user, self.domain, MOST_REGISTRIES)
        choices = {one.base_path: one.name for one in found}
        if self.registry is not None:
            choices.setdefault(self.registry.base_path, self.registry.name)
        if form.registry and "registry" not in form.errors:
            choices.setdefault(form.registry, form.registry)
        return sorted(choices.items(), key=lambda choice: choice[1])


class RevokeView(AccountPage):
    """Revokes one of the user's tokens."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Revoke the token, and return to the list."""
        self.tokens.revoke(pk)
        return redirect(self.url)


class SignInView(Protected, LoginView):
    """Django's sign-in with user name and password."""

    template_name = "cargo_account/login.html"
    next_page = reverse_lazy("cargo_account:account")


class SignOutView(Protected, LogoutView):
    """Ends the session."""

    next_page = reverse_lazy("cargo_account:login")


@method_decorator(
    [cache_control(no_cache=True), condition(etag_func=lambda request: stylesheet_etag())],
    name="get",
)
class StyleView(View):
    """The stylesheet, for everybody."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return it; a browser that has it gets a 304."""
        return HttpResponse(stylesheet(), "text/css; charset=utf-8")


def login_url() -> str:
    """Return the sign-in page: that of `LOGIN_URL` if it was set, such as for single sign-on."""
    if global_settings.LOGIN_URL != settings.LOGIN_URL:
        return resolve_url(settings.LOGIN_URL)
    return reverse("cargo_account:login")
