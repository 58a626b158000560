"""Which PostgreSQL database Pulp uses, and the few statements the launcher itself needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pulp_cargo.serve.errors import ServeError

NAME = "pulp"
USER = "pulp"
# How long to wait for a connection, in seconds, and for a sign of life from the other end: what was
# sent is acknowledged within 15 seconds, and a silent connection is asked after 10, three times.
TIMEOUTS = {
    "connect_timeout": "5",
    "tcp_user_timeout": "15000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}


@dataclass(frozen=True, slots=True)
class Database:
    """How to connect, in libpq's words, and how to say so without a password."""

    parameters: dict[str, str]

    @property
    def label(self) -> str:
        """Where the database is, for messages and to tell two databases apart."""
        place = self.parameters.get("host", "localhost")
        port = self.parameters.get("port")
        return f"{place}{':' + port if port else ''}/{self.parameters.get('dbname', '')}"

    def django(self) -> dict[str, Any]:
        """Return the database as an entry of Django's `DATABASES`, with bounds on waiting for it."""
        others = {**TIMEOUTS, **self.parameters}
        named = {
            "NAME": others.pop("dbname", ""),
            "USER": others.pop("user", ""),
            "PASSWORD": others.pop("password", ""),
            "HOST": others.pop("host", ""),
            "PORT": others.pop("port", ""),
        }
        present = {key: value for key, value in named.items() if value}
        return {"ENGINE": "django.db.backends.postgresql", **present, "OPTIONS": others}

    @contextmanager
    def connection(self, **changes: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """Connect for a while; each statement stands for itself."""
        parameters: dict[str, Any] = {"connect_timeout": 5, **self.parameters, **changes}
        try:
            with psycopg.connect(autocommit=True, **parameters) as connection:
                yield connection
        except psycopg.Error as error:
            raise ServeError(f"cannot use the database {self.label}: {_one_line(error)}") from error


def on_socket(socket_dir: Path) -> Database:
    """Return the launcher's own database, reached through a socket directory."""
    return Database({"host": str(socket_dir), "dbname": NAME, "user": USER})


def from_url(url: str) -> Database:
    """Read what `--database` says."""
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise ServeError("--database wants a URL like postgresql://user:password@host/name")
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise ServeError(f"--database: {_one_line(error)}") from error
    return Database({key: str(value) for key, value in parameters.items() if value is not None})


def require_usable(database: Database) -> None:
    """Refuse a database that Pulp could not be set up in."""
    with database.connection() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS hstore")


def create_if_missing(database: Database) -> None:
    """Create the launcher's own database in a new cluster."""
    with database.connection(dbname="postgres") as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,))
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {NAME}")


def forget_processes(database: Database, names: str) -> None:
    """Free the tasks of processes that are known to be dead; `names` is a LIKE pattern.

    Pulp itself notices only after minutes: its workers look for lost processes at every hundredth
    heartbeat. Until then the tasks hold their repositories.
    """
    with database.connection() as connection, connection.transaction():
        exists = connection.execute("SELECT to_regclass('core_appstatus') IS NOT NULL").fetchone()
        if exists != (True,):
            return
        connection.execute(
            "UPDATE core_task SET app_lock_id = NULL WHERE app_lock_id IN"
            " (SELECT pulp_id FROM core_appstatus WHERE name LIKE %s)",
            (names,),
        )
        connection.execute("DELETE FROM core_appstatus WHERE name LIKE %s", (names,))


def wake_workers(database: Database) -> None:
    """Let the workers look for tasks that were dispatched while none of them lived.

    Pulp's workers look when they are told of a task, and nobody tells a new one of the old ones.
    """
    with database.connection() as connection:
        connection.execute("SELECT pg_notify('pulp_worker_wakeup', 'unblock')")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
