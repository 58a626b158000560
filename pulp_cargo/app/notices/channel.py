"""Telling every content process what changed, through PostgreSQL's NOTIFY.

A notice is sent inside the transaction that makes the change, so it arrives when that commits
and never otherwise. It carries ids only: PostgreSQL caps a notice at 8000 bytes.
"""

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.statements import Rows

CHANNEL = "pulp_cargo"
# Where listeners answer those who ask whether they have heard.
ANSWERS = "pulp_cargo_answers"
# By this name PostgreSQL knows the connections that listen.
LISTENER = "pulp_cargo listener"
# What a listener says to hear itself.
PULSE = '{"kind":"pulse"}'
LISTENERS = """
    SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()
"""
# Processes that were forked from one differ by their ids, and those of other machines by this.
_PROCESSES = secrets.token_hex(4)
# Names in one notice; more than that and listeners forget the whole repository instead.
MOST_NAMES = 60


# Whether saved and deleted rows are to be told of in this context.
_tells: ContextVar[bool] = ContextVar("pulp_cargo_tells", default=True)


@contextmanager
def silence() -> Iterator[None]:
    """Say nothing of the rows that change meanwhile: nobody is served what they hold."""
    token = _tells.set(False)
    try:
        yield
    finally:
        _tells.reset(token)


def is_silent() -> bool:
    """Whether `silence` is on."""
    return not _tells.get()


def new_version(
    repository: UUID, base: int, number: int, version: UUID, names: Iterable[str] | None
) -> None:
    """Say that a repository went from version `base` to `number`, changing these crates.

    `names` are canonical; None stands for more than a listener should remember.
    """
    changed = None if names is None else sorted(set(names))
    if changed is not None and len(changed) > MOST_NAMES:
        changed = None
    _send(
        kind="version",
        by=maker(),
        repository=str(repository),
        base=base,
        number=number,
        version=str(version),
        names=changed,
    )


def maker() -> str:
    """Return what this process goes by where it says what it has made."""
    return f"{_PROCESSES}-{os.getpid()}"


def heard(repository: UUID, number: int, listener: int) -> str:
    """Return what a listening connection says when it has heard of a version."""
    return _payload(kind="heard", repository=str(repository), number=number, by=listener)


def ask(mark: str) -> None:
    """Ask all listeners to say this mark on ANSWERS, when they have heard what came before."""
    _send(kind="asked", mark=mark)


def ask_for_listeners() -> Rows:
    """Ask which connections listen now: rows of the ids of their PostgreSQL processes."""
    return statements.ask(LISTENERS, [LISTENER])


def listeners() -> frozenset[int]:
    """Return which connections listen now, by the ids of their PostgreSQL processes."""
    return frozenset(pid for (pid,) in ask_for_listeners().fetch())


def registries_changed() -> None:
    """Say that what some distribution serves, or to whom, may have changed."""
    _send(kind="registries")


def repository_changed(repository: UUID) -> None:
    """Say that a repository's versions changed in a way that no list of names describes."""
    _send(kind="repository", repository=str(repository))


def index_changed(remote: UUID, name: str) -> None:
    """Say that an upstream's index file, by its lower-case name, has other bytes of a version.

    Whoever remembers the old ones must not serve them under the new checksum.
    """
    _send(kind="index", remote=str(remote), name=name)


def principals_changed() -> None:
    """Say that a token, a user or a role changed."""
    _send(kind="principals")


def _send(**notice: Any) -> None:
    statements.run("SELECT pg_notify(%s, %s)", [CHANNEL, _payload(**notice)])


def _payload(**notice: Any) -> str:
    return json.dumps(notice, separators=(",", ":"))
