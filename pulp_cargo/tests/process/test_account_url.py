"""Where people get tokens depends on settings only."""

from types import SimpleNamespace

import pytest

SETTINGS = {
    "CARGO_LOGIN_URL": "",
    "CARGO_API_ORIGIN": "",
    "CONTENT_ORIGIN": "https://crates.example.org",
    "DOMAIN_ENABLED": False,
}


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "https://crates.example.org/pulp/cargo-account/?registry=team/a"),
        (
            {"CARGO_API_ORIGIN": "https://pulp.example.org/"},
            "https://pulp.example.org/pulp/cargo-account/?registry=team/a",
        ),
        (
            {"DOMAIN_ENABLED": True},
            "https://crates.example.org/pulp/cargo-account/?domain=acme&registry=team/a",
        ),
        (
            {
                "CARGO_LOGIN_URL": "https://sso.example.org/cargo",
                "CARGO_API_ORIGIN": "https://pulp.example.org",
            },
            "https://sso.example.org/cargo",
        ),
    ],
    ids=["content-origin", "api-origin", "domain", "login-url"],
)
def test_account_url(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, object], url: str
) -> None:
    """The setting for the page, else the page of the API app with the registry chosen."""
    from pulp_cargo.app.queries.registry import account_url as module

    monkeypatch.setattr(module, "settings", SimpleNamespace(**(SETTINGS | settings)))
    assert module.account_url("acme", "team/a") == url


def test_query_of_a_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a registry the page is about a whole domain."""
    from pulp_cargo.app.queries.registry import account_url as module

    monkeypatch.setattr(
        module, "settings", SimpleNamespace(**(SETTINGS | {"DOMAIN_ENABLED": True}))
    )
    assert module.account_query("acme", "") == "domain=acme"


@pytest.mark.parametrize(
    ("configured", "url"),
    [
        ("/accounts/login/", "/pulp/cargo-account/login/"),
        ("/login/keycloak/", "/login/keycloak/"),
        ("cargo_account:logout", "/pulp/cargo-account/logout/"),
    ],
    ids=["default", "path", "name"],
)
def test_sign_in_page_is_that_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, configured: str, url: str
) -> None:
    """Pulps with single sign-on set `LOGIN_URL`; Django's default does not exist in Pulp."""
    from django.conf import settings

    from pulp_cargo.app.accounts import views

    monkeypatch.setattr(settings, "LOGIN_URL", configured)
    assert views.login_url() == url
