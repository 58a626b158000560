"""Making tokens, and noting that they are used."""

import secrets
import string
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from pulp_cargo.app.models import CargoToken
from pulp_cargo.app.queries.registry.grants import hash_secret

# A fixed beginning lets secret scanners find a token that was committed by mistake.
PREFIX = "pulp_cargo_"
LENGTH = 40
ALPHABET = string.ascii_letters + string.digits
# `last_used` is written at most so often.
USE_NOTED_EVERY = timedelta(hours=1)


def new_secret() -> str:
    """Return a fresh secret of more than 200 random bits."""
    return PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def issue(**fields: Any) -> tuple[CargoToken, str]:
    """Make a token with these fields, and return it with its secret, which is kept nowhere."""
    secret = new_secret()
    return CargoToken.objects.create(token_hash=hash_secret(secret), **fields), secret


def note_use(token: UUID) -> None:
    """Note that a token was used, unless that was noted within the hour."""
    now = timezone.now()
    stale = Q(last_used=None) | Q(last_used__lt=now - USE_NOTED_EVERY)
    CargoToken.objects.filter(stale, pk=token).update(last_used=now)
