"""Django system checks for the settings that the plugin needs."""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, OperationalError

from pulp_cargo.app.models import core_columns
from pulp_cargo.rules.networks import parse_networks

# `check --tag cargo` runs only these checks, as `pulp-cargo serve` does.
OURS = "cargo"


@register(OURS)
def urls_are_absolute(**kwargs: Any) -> list[CheckMessage]:
    """Cargo needs absolute URLs, and a registry's URL must not depend on the request's host."""
    urls = [("CONTENT_ORIGIN", settings.CONTENT_ORIGIN)]
    urls += [("CARGO_ORIGIN_ALIASES", alias) for alias in settings.CARGO_ORIGIN_ALIASES]
    optional = {name: getattr(settings, name) for name in ("CARGO_LOGIN_URL", "CARGO_API_ORIGIN")}
    urls += [(name, url) for name, url in optional.items() if url]
    return [
        Error(
            f"{name} is {url!r}, which is not a URL such as 'https://crates.example.org'",
            hint="Cargo uses this URL unchanged. Set it in Pulp's settings.",
            id="cargo.E001",
        )
        for name, url in urls
        if not _is_absolute(url)
    ]


@register(OURS)
def networks_can_be_read(**kwargs: Any) -> list[CheckMessage]:
    """An invalid network would make every request to an upstream fail."""
    try:
        parse_networks(settings.CARGO_UPSTREAM_PRIVATE_NETWORKS)
    except ValueError as error:
        return [
            Error(
                f"CARGO_UPSTREAM_PRIVATE_NETWORKS is invalid: {error}",
                hint="It must be a list of networks such as '10.20.0.0/16'. Set it in Pulp's"
                " settings.",
                id="cargo.E002",
            )
        ]
    return []


@register(OURS)
def core_has_our_columns(**kwargs: Any) -> list[CheckMessage]:
    """Our SQL uses columns of core, which a release of core may have renamed."""
    return [
        Error(
            f"this release of pulpcore has no column `{column}` in the table `{table}`, which"
            " pulp_cargo needs",
            hint="Install a release of pulpcore that this release of pulp-cargo supports.",
            id="cargo.E003",
        )
        for table, column in core_columns.missing(core_columns.of_models())
    ]


@register(OURS, Tags.database)
def database_has_our_columns(
    databases: Collection[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The database may be older or newer than the installed core.

    This is a warning, because an error would prevent `migrate`, which may add a missing column.
    """
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        there = core_columns.of_database()
    except OperationalError:
        # The command itself reports a missing database, if it needs one.
        return []
    # Before the first migration there are no tables.
    missing = core_columns.missing(there) if there else []
    return [
        Warning(
            f"the database has no column `{column}` in the table `{table}`, which pulp_cargo needs",
            hint="Run `pulpcore-manager migrate` with the installed release of pulpcore.",
            id="cargo.W001",
        )
        for table, column in missing
    ]


def _is_absolute(url: str | None) -> bool:
    parts = urlsplit(url or "")
    return parts.scheme in ("http", "https") and bool(parts.netloc)
