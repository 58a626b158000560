"""The PostgreSQL database of Pulp, and the few statements that the launcher itself needs."""

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
# Timeouts in seconds: for connecting, for the acknowledgement of sent data (15), and for an idle
# connection, which is probed after 10 seconds, three times.
TIMEOUTS = {
    "connect_timeout": "5",
    "tcp_user_timeout": "15000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
# The API keeps its connection between requests, and checks it before each. Connecting anew took a
# third of the time of a request.
KEPT = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


@dataclass(frozen=True, slots=True)
class Database:
    """The parameters of a connection, in libpq's terms."""

    parameters: dict[str, str]

    @property
    def label(self) -> str:
        """The location of the database without a password, for messages and to identify it."""
        place = self.parameters.get("host", "localhost")
        port = self.parameters.get("port")
        return f"{place}{':' + port if port else ''}/{self.parameters.get('dbname', '')}"

    def django(self) -> dict[str, Any]:
        """Return the database as an entry of Django's `DATABASES`, with timeouts."""
        others = {**TIMEOUTS, **self.parameters}
        named = {
            "NAME": others.pop("dbname", ""),
            "USER": others.pop("user", ""),
            "PASSWORD": others.pop("password", ""),
            "HOST": others.pop("host", ""),
            "PORT": others.pop("port", ""),
        }
        present = {key: value for key, value in named.items() if value}
        return {"ENGINE": "django.db.backends.postgresql", **present, **KEPT, "OPTIONS": others}

    @contextmanager
    def connection(self, **changes: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """Connect temporarily; each statement is committed by itself."""
        parameters: dict[str, Any] = {"connect_timeout": 5, **self.parameters, **changes}
        try:
            with psycopg.connect(autocommit=True, **parameters) as connection:
                yield connection
        except psycopg.Error as error:
            raise ServeError(f"cannot use the database {self.label}: {_one_line(error)}") from error


def on_socket(socket_dir: Path) -> Database:
    """Return the launcher's own database, accessed through a socket directory."""
    return Database({"host": str(socket_dir), "dbname": NAME, "user": USER})


def from_url(url: str) -> Database:
    """Parse the value of `--database`."""
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise ServeError("--database requires a URL such as postgresql://user:password@host/name")
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise ServeError(f"--database: {_one_line(error)}") from error
    return Database({key: str(value) for key, value in parameters.items() if value is not None})


def require_usable(database: Database) -> None:
    """Refuse a database in which Pulp cannot be set up."""
    with database.connection() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS hstore")


def create_if_missing(database: Database) -> None:
    """Create the launcher's own database in a new cluster."""
    with database.connection(dbname="postgres") as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,))
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {NAME}")


def forget_processes(database: Database, names: str) -> None:
    """Release the tasks of dead processes; `names` is a LIKE pattern.

    Pulp itself detects them only after minutes: its workers look for lost processes at every
    hundredth heartbeat. Until then the tasks lock their repositories.
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
    """Make the workers look for tasks that were dispatched while no worker was running.

    Pulp's workers look for tasks when they are notified, and a new worker gets no notification of
    old ones.
    """
    with database.connection() as connection:
        connection.execute("SELECT pg_notify('pulp_worker_wakeup', 'unblock')")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
