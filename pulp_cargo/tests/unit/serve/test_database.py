"""What `--database` may say, and what Django makes of it."""

from pathlib import Path

import pytest

from pulp_cargo.serve import database
from pulp_cargo.serve.errors import ServeError

ENGINE = {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
}


def test_url_becomes_a_django_database():
    """Each part has its place; percent-encoding is undone; the rest are libpq's options."""
    parsed = database.from_url("postgresql://me:p%40ss@db.example.com:5433/crates?sslmode=require")
    assert parsed.django() == {
        **ENGINE,
        "NAME": "crates",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.example.com",
        "PORT": "5433",
        "OPTIONS": {**database.TIMEOUTS, "sslmode": "require"},
    }


def test_parts_that_are_not_given_are_left_to_libpq():
    """An empty PASSWORD would keep libpq from reading ~/.pgpass."""
    assert database.from_url("postgres:///crates").django() == {
        **ENGINE,
        "NAME": "crates",
        "OPTIONS": database.TIMEOUTS,
    }


def test_own_database_is_on_a_socket():
    """No port, no password: only who may enter the directory gets in."""
    assert database.on_socket(Path("/data/socket")).django() == {
        **ENGINE,
        "NAME": "pulp",
        "USER": "pulp",
        "HOST": "/data/socket",
        "OPTIONS": database.TIMEOUTS,
    }


def test_label_tells_no_password():
    """It appears in messages."""
    parsed = database.from_url("postgresql://me:secret@db.example.com:5433/crates")
    assert parsed.label == "db.example.com:5433/crates"


@pytest.mark.parametrize(
    "url", ["mysql://me@host/name", "host=localhost", "postgresql://host/name?nonsense=1"]
)
def test_other_texts_are_refused(url: str):
    """The message names the option."""
    with pytest.raises(ServeError, match="--database"):
        database.from_url(url)
