"""Django system checks for the settings that the plugin needs."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from pulp_cargo.rules.networks import parse_networks


@register
def urls_are_absolute(**kwargs: Any) -> list[CheckMessage]:
    """Cargo needs absolute URLs, and a registry's URL must not depend on the request's host."""
    urls = [("CONTENT_ORIGIN", settings.CONTENT_ORIGIN)]
    urls += [("CARGO_ORIGIN_ALIASES", alias) for alias in settings.CARGO_ORIGIN_ALIASES]
    if settings.CARGO_LOGIN_URL:
        urls.append(("CARGO_LOGIN_URL", settings.CARGO_LOGIN_URL))
    return [
        Error(
            f"{name} has {url!r}, not a URL like 'https://crates.example.org'",
            hint="Cargo stores and visits it as it is; set it in Pulp's settings.",
            id="cargo.E001",
        )
        for name, url in urls
        if not _is_absolute(url)
    ]


@register
def networks_can_be_read(**kwargs: Any) -> list[CheckMessage]:
    """An invalid network would make every request to an upstream fail."""
    try:
        parse_networks(settings.CARGO_UPSTREAM_PRIVATE_NETWORKS)
    except ValueError as error:
        return [
            Error(
                f"CARGO_UPSTREAM_PRIVATE_NETWORKS cannot be read: {error}",
                hint="It is a list of networks like '10.20.0.0/16'; set it in Pulp's settings.",
                id="cargo.E002",
            )
        ]
    return []


def _is_absolute(url: str | None) -> bool:
    parts = urlsplit(url or "")
    return parts.scheme in ("http", "https") and bool(parts.netloc)
