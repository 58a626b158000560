"""What must be set before the plugin can work, as Django's system checks."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def content_origin_is_absolute(**kwargs: Any) -> list[CheckMessage]:
    """Cargo needs absolute URLs, and a registry's URL may not follow the request's host."""
    origin = urlsplit(settings.CONTENT_ORIGIN or "")
    if origin.scheme in ("http", "https") and origin.netloc:
        return []
    return [
        Error(
            f"CONTENT_ORIGIN is {settings.CONTENT_ORIGIN!r}, not a URL like"
            " 'https://crates.example.org'",
            hint="It is where cargo reaches the content app; set it in Pulp's settings.",
            id="cargo.E001",
        )
    ]
