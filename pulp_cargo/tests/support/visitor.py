"""A browser without scripts for the account page: cookies, and the forms of its pages."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

import requests

ACCOUNT = "/pulp/cargo-account/"
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
SECRET = re.compile(r'id="secret" class="secret">(pulp_cargo_[A-Za-z0-9]+)<')
DEFAULTS = {"scopes": ["read"], "crates": "", "days": "", "registry": ""}


@dataclass(slots=True)
class Visitor:
    """Somebody at the API app of a Pulp; redirects are not followed."""

    origin: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str = ACCOUNT, **query: str) -> requests.Response:
        """Request a page."""
        return self.session.get(self.origin + path, params=query, timeout=60, allow_redirects=False)

    def send(
        self, path: str = ACCOUNT, fields: dict[str, Any] | None = None, **query: str
    ) -> requests.Response:
        """Send a form with the CSRF token of the page that contains it."""
        page = self.get(ACCOUNT)
        found = CSRF.search(page.text if page.status_code == 200 else self.sign_in_page().text)
        assert found is not None
        return self.send_as_it_is(path, {"csrfmiddlewaretoken": found[1], **(fields or {})}, query)

    def send_as_it_is(
        self, path: str, fields: dict[str, Any], query: dict[str, str] | None = None
    ) -> requests.Response:
        """Send a form without anything else."""
        return self.session.post(
            self.origin + path, data=fields, params=query, timeout=60, allow_redirects=False
        )

    def sign_in_page(self, **query: str) -> requests.Response:
        """Request the page for signing in."""
        return self.get(f"{ACCOUNT}login/", **query)

    def sign_in(self, name: str, password: str, to: str = "") -> requests.Response:
        """Sign in with the form."""
        fields = {"username": name, "password": password, "next": to}
        found = CSRF.search(self.sign_in_page().text)
        assert found is not None
        return self.send_as_it_is(f"{ACCOUNT}login/", {"csrfmiddlewaretoken": found[1], **fields})

    def create(self, name: str, *, at: dict[str, str] | None = None, **fields: Any) -> str:
        """Create a token, and return its secret."""
        answer = self.send(fields={**DEFAULTS, "name": name, **fields}, **(at or {}))
        assert answer.status_code == 200, answer.text
        return secret_in(answer)

    def revoke(self, pk: str, **query: str) -> requests.Response:
        """Revoke a token."""
        return self.send(f"{ACCOUNT}tokens/{pk}/revoke/", **query)


def secret_in(page: requests.Response) -> str:
    """Return the secret that a page shows."""
    found = SECRET.search(page.text)
    assert found is not None, page.text
    return found[1]


def text_of(page: requests.Response) -> str:
    """Return the text of a page without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", page.text))
