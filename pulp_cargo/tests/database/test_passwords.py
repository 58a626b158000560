"""Authentication by a password that was verified a moment ago."""

import secrets
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The backend of `serve`, with nothing in its memory before and after."""
    from pulp_cargo.app.runtime.password_memory import MEMORY

    # Hashes are counted here, not timed; one takes a quarter of a second otherwise.
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1)
    remember_for(60, monkeypatch)
    MEMORY.forget()
    yield MEMORY
    MEMORY.forget()


def remember_for(seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change the setting."""
    from pulp_cargo.app.authentication import passwords

    changed = SimpleNamespace(CARGO_PASSWORD_MEMORY_SECONDS=seconds)
    monkeypatch.setattr(passwords, "settings", changed)


@pytest.fixture
def user() -> Any:
    """An active user with a password."""
    from django.contrib.auth import get_user_model

    name = f"user-{secrets.token_hex(5)}"
    return get_user_model().objects.create_user(username=name, password=PASSWORD)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were compared with a stored hash meanwhile."""
    found: list[str] = []
    encode = PBKDF2PasswordHasher.encode

    def noting(self: Any, password: str, *args: Any, **kwargs: Any) -> str:
        found.append(password)
        return encode(self, password, *args, **kwargs)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", noting)
    return found


def authenticated(name: str, password: str = PASSWORD) -> Any:
    """Authenticate as the REST API does; return the user or None."""
    from pulp_cargo.app.authentication.passwords import RememberingBackend

    return RememberingBackend().authenticate(None, username=name, password=password)


def test_second_request_needs_no_hash(user: Any, hashed: list[str]) -> None:
    """The first one has verified the password."""
    assert authenticated(user.username) == user
    assert len(hashed) == 1
    assert authenticated(user.username) == user
    assert len(hashed) == 1


def test_wrong_password_always_costs_a_hash(user: Any, hashed: list[str]) -> None:
    """It is never remembered, takes as long as an unknown user, and changes nothing else."""
    authenticated(user.username)
    hashed.clear()
    for name in (user.username, user.username, f"no-{user.username}"):
        assert authenticated(name, "wrong") is None
    assert hashed == ["wrong"] * 3
    assert authenticated(user.username) == user
    assert len(hashed) == 3


def test_change_of_the_password_counts_at_once(user: Any, hashed: list[str]) -> None:
    """Also if another process has made it, so that this one hears nothing of it."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password

    authenticated(user.username)
    new = make_password("another password entirely")
    get_user_model().objects.filter(pk=user.pk).update(password=new)
    assert authenticated(user.username) is None
    assert authenticated(user.username, "another password entirely") == user
    # The same password with another salt is another hash, which is verified anew.
    get_user_model().objects.filter(pk=user.pk).update(password=make_password(PASSWORD))
    hashed.clear()
    assert authenticated(user.username) == user
    assert len(hashed) == 1


def test_inactive_and_deleted_users_are_refused_at_once(user: Any) -> None:
    """Whatever is remembered of them."""
    authenticated(user.username)
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert authenticated(user.username) is None
    type(user).objects.filter(pk=user.pk).update(is_active=True)
    assert authenticated(user.username) == user
    name = user.username
    user.delete()
    assert authenticated(name) is None


def test_change_of_the_session_key_counts(
    user: Any, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who ends all sessions does not want remembered passwords either."""
    from django.utils import crypto

    authenticated(user.username)
    hashed.clear()
    monkeypatch.setattr(crypto, "settings", SimpleNamespace(SECRET_KEY="another key"))
    assert authenticated(user.username) == user
    assert len(hashed) == 1


def test_nothing_is_remembered_without_a_time(
    user: Any, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is Django's own backend."""
    remember_for(0, monkeypatch)
    for _ in range(2):
        assert authenticated(user.username) == user
    assert len(hashed) == 2


@pytest.mark.parametrize("given", [{}, {"username": None, "password": "x"}, {"remote_user": "x"}])
def test_other_credentials_are_left_to_others(given: dict[str, Any]) -> None:
    """Such as the name that a web server has authenticated."""
    from pulp_cargo.app.authentication.passwords import RememberingBackend

    assert RememberingBackend().authenticate(None, **given) is None


class Directory:
    """A backend before ours, which refuses users from the second request on."""

    asked: ClassVar[list[str]] = []

    def authenticate(self, request: Any, username: str = "", password: str = "") -> None:
        """Leave the first request to others, and refuse the next ones."""
        from django.core.exceptions import PermissionDenied

        self.asked.append(username)
        if len(self.asked) > 1:
            raise PermissionDenied


def test_other_backends_are_asked_as_ever(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that refuses a user cannot be bypassed by what is remembered."""
    from django.conf import settings
    from django.contrib import auth

    ours = "pulp_cargo.app.authentication.passwords.RememberingBackend"
    backends = [f"{__name__}.{Directory.__name__}", ours]
    changed = {"AUTHENTICATION_BACKENDS": backends, "AUTH_USER_MODEL": settings.AUTH_USER_MODEL}
    monkeypatch.setattr(auth, "settings", SimpleNamespace(**changed))
    assert auth.authenticate(username=user.username, password=PASSWORD) == user
    assert auth.authenticate(username=user.username, password=PASSWORD) is None
    assert Directory.asked == [user.username] * 2
