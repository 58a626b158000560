"""Creating tokens, and recording when they were last used; `rules/token_scopes` checks their scopes."""

import secrets
import string
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from pulp_cargo.app.models import CargoToken
from pulp_cargo.app.queries.registry.token_scopes import hash_secret

# A fixed prefix lets secret scanners find a token that was committed by mistake.
PREFIX = "pulp_cargo_"
LENGTH = 40
ALPHABET = string.ascii_letters + string.digits
# Minimum time between two writes of `last_used`.
USE_NOTED_EVERY = timedelta(hours=1)


def new_secret() -> str:
    """Return a new secret of more than 200 random bits."""
    return PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def issue(**fields: Any) -> tuple[CargoToken, str]:
    """Create a token with these fields, and return it with its secret, which is not stored."""
    secret = new_secret()
    return CargoToken.objects.create(token_hash=hash_secret(secret), **fields), secret


def note_use(token: UUID) -> None:
    """Record the use of a token, at most once an hour."""
    now = timezone.now()
    stale = Q(last_used=None) | Q(last_used__lt=now - USE_NOTED_EVERY)
    CargoToken.objects.filter(stale, pk=token).update(last_used=now)
