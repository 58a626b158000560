"""Django's authentication by user name and password, which remembers verified passwords.

It takes the place of `ModelBackend` in `AUTHENTICATION_BACKENDS`, and decides as that does: only the
comparison with the stored hash is left out, for as long as `CARGO_PASSWORD_MEMORY_SECONDS` says.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from pulp_cargo.app.runtime.password_memory import MEMORY


class RememberingBackend(ModelBackend):
    """Verifies passwords, and remembers for a moment which ones it has verified."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> AbstractBaseUser | None:
        """Return the user, None for a wrong password, an unknown user or one who is not active."""
        seconds = settings.CARGO_PASSWORD_MEMORY_SECONDS
        # Other names of the user name, as some forms have, are Django's business.
        if seconds <= 0 or username is None or password is None:
            return super().authenticate(request, username, password, **kwargs)
        user = _find(username)
        if user is not None and MEMORY.remembers(user.pk, user.get_session_auth_hash(), password):
            # Whether the user is active is in the row that was just read.
            return user if self.user_can_authenticate(user) else None
        # Also for unknown users, for whom Django hashes the password, too: a wrong password must not
        # take longer than an unknown user.
        verified = super().authenticate(request, username, password, **kwargs)
        if verified is not None:
            MEMORY.remember(verified.pk, verified.get_session_auth_hash(), password, seconds)
        return verified


def _find(username: str) -> AbstractBaseUser | None:
    model = get_user_model()
    try:
        found: AbstractBaseUser = model.objects.get_by_natural_key(username)
    except model.DoesNotExist:
        return None
    return found
