"""Where the account page is, on which people create and revoke their tokens."""

from urllib.parse import urlencode

from django.conf import settings

ACCOUNT_PATH = "pulp/cargo-account/"


def account_url(domain: str, base_path: str) -> str:
    """Return the URL at which people get tokens for a registry.

    It depends on settings only: the content app, which sends it to cargo, does not see at which
    address people reach the API app.
    """
    if settings.CARGO_LOGIN_URL:
        return str(settings.CARGO_LOGIN_URL)
    origin = (settings.CARGO_API_ORIGIN or settings.CONTENT_ORIGIN or "").rstrip("/")
    return f"{origin}/{ACCOUNT_PATH}?{account_query(domain, base_path)}"


def account_query(domain: str, base_path: str) -> str:
    """Return the query that selects a registry on the page; without a registry, a domain."""
    chosen = {"domain": domain} if settings.DOMAIN_ENABLED else {}
    chosen |= {"registry": base_path} if base_path else {}
    return urlencode(chosen, safe="/")
