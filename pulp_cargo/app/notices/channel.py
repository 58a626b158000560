"""Messages to all content processes about changes, sent with PostgreSQL's NOTIFY.

A message is sent inside the transaction that makes the change, so it arrives only if that commits.
It contains ids only: PostgreSQL limits a message to 8000 bytes.
"""

import json
import os
import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.statements import Rows

CHANNEL = "pulp_cargo"
# The channel on which listeners acknowledge messages.
ANSWERS = "pulp_cargo_answers"
# The application name of the connections that listen.
LISTENER = "pulp_cargo listener"
# The message that a listener sends to itself, to check its connection.
PULSE = '{"kind":"pulse"}'
LISTENERS = """
    SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()
"""
ANNOUNCE = f"SELECT pg_notify(%s, %s), ARRAY({LISTENERS})"
# Distinguishes processes of different machines; processes forked from one differ by their ids.
_PROCESSES = secrets.token_hex(4)
# Maximum number of names in a message; beyond it listeners drop the whole repository.
MOST_NAMES = 60


def new_version(
    repository: UUID, base: int, number: int, version: UUID, names: Iterable[str] | None
) -> Rows:
    """Announce version `number` of a repository after `base`, with the crates that changed.

    `names` are canonical; None means that too many changed to list them. `listeners_in` returns the
    connections that listen now from the result.
    """
    changed = None if names is None else sorted(set(names))
    if changed is not None and len(changed) > MOST_NAMES:
        changed = None
    payload = _payload(
        kind="version",
        by=maker(),
        repository=str(repository),
        base=base,
        number=number,
        version=str(version),
        names=changed,
    )
    return statements.ask(ANNOUNCE, [CHANNEL, payload, LISTENER])


def maker() -> str:
    """Return the id of this process in its messages."""
    return f"{_PROCESSES}-{os.getpid()}"


def heard(repository: UUID, number: int, listener: int) -> str:
    """Return the payload by which a listening connection acknowledges a version."""
    return _payload(kind="heard", repository=str(repository), number=number, by=listener)


def ask(mark: str) -> None:
    """Ask all listeners to send this mark to ANSWERS once they have processed earlier messages."""
    _send(kind="asked", mark=mark)


def listeners_in(announced: Rows) -> frozenset[int]:
    """Return the connections that listened to an announcement, as `listeners` does."""
    ((_, pids),) = announced.fetch()
    return frozenset(pids)


def listeners() -> frozenset[int]:
    """Return the connections that listen now, by the ids of their PostgreSQL processes."""
    return frozenset(pid for (pid,) in statements.ask(LISTENERS, [LISTENER]).fetch())


def registries_changed() -> None:
    """Announce that what some distribution serves, or to whom, may have changed."""
    _send(kind="registries")


def repository_changed(repository: UUID) -> None:
    """Announce a change of a repository's versions that no list of names describes."""
    _send(kind="repository", repository=str(repository))


def past_changed(repository: UUID) -> None:
    """Announce that versions of a repository other than the newest were deleted, or lost a label."""
    _send(kind="past", repository=str(repository))


def index_changed(remote: UUID, name: str) -> None:
    """Announce that an upstream's index file has another checksum for a version.

    `name` is in lower case. Cached bytes must not be served under the new checksum.
    """
    _send(kind="index", remote=str(remote), name=name)


def principals_changed() -> None:
    """Announce that a token, a user or a role changed."""
    _send(kind="principals")


def _send(**notice: Any) -> None:
    statements.run("SELECT pg_notify(%s, %s)", [CHANNEL, _payload(**notice)])


def _payload(**notice: Any) -> str:
    return json.dumps(notice, separators=(",", ":"))
