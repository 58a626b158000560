"""The responses of Pulp's own `/pulp/content/` that it caches in Redis.

Core drops them when a distribution or its repository changes. Whether a registry has that path at all
depends on more: on whether it is private, and on crate policies of remotes.
"""

from functools import partial

from django.conf import settings
from django.db import transaction

from pulpcore.plugin.models import Distribution, Domain
from pulpcore.plugin.util import get_domain

from pulp_cargo.app.models.core import drop_content_responses


def drop_after_commit() -> None:
    """Drop the cached responses of all registries of the domain, once the change is committed."""
    if settings.CACHE_ENABLED:
        # A failure of Pulp's cache does not affect the change.
        transaction.on_commit(partial(_drop, get_domain()), robust=True)


def _drop(domain: Domain) -> None:
    registries = Distribution.objects.filter(pulp_type="cargo.cargo", pulp_domain=domain)
    base_paths = list(registries.values_list("base_path", flat=True))
    if base_paths:
        drop_content_responses(base_paths, domain)
