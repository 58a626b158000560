"""Commits that meet somebody else's in the tables that all repositories of a domain share."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.db import OperationalError
from psycopg.errors import DeadlockDetected

from pulp_cargo.protocol.unavailable import RepositoryBusy
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.services.publish.publish import Publish

Prepare = Callable[..., "Publish"]
Do = Callable[..., "Future[Any]"]
WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid = %s"


@pytest.fixture
def elsewhere() -> Iterator[Do]:
    """Does things one after the other on a connection of its own, in one open transaction."""
    from django.db import connection, transaction

    with ThreadPoolExecutor(1) as thread:
        thread.submit(transaction.set_autocommit, False).result()
        yield thread.submit
        thread.submit(transaction.rollback).result()
        thread.submit(lambda: connection.close()).result()


@pytest.fixture
def until_it_waits() -> Callable[[], None]:
    """Returns when this test's own connection waits for a lock."""
    from django.db import connection

    connection.ensure_connection()
    pid = connection.connection.info.backend_pid

    def is_waiting() -> bool:
        with closing(connection.copy()) as mine, mine.cursor() as cursor:
            cursor.execute(WAITING, [pid])
            return cursor.fetchone() is not None

    def wait() -> None:
        assert launcher.wait_for(is_waiting)

    return wait


@pytest.fixture
def short_lock_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets commits wait less for a lock that they will not get."""
    from pulp_cargo.app.runtime import timeouts

    monkeypatch.setattr(timeouts, "LOCK_TIMEOUT_SECONDS", 0.2)


def test_crate_that_somebody_stores_meanwhile_is_found(
    repository: "CargoRepository",
    prepare: Prepare,
    domain: Any,
    name: str,
    elsewhere: Do,
    until_it_waits: Callable[[], None],
) -> None:
    """A sync makes the same unit without the repository's lock, and commits first."""
    from django.db import transaction

    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.crates import unit_rows
    from pulp_cargo.app.services.publish import commit

    synced, change = prepare(Crate(name)), prepare(Crate(name))
    elsewhere(unit_rows.save_units, [synced.unit], domain).result()
    elsewhere(until_it_waits)
    elsewhere(transaction.commit)
    assert commit.commit(repository.pk, domain, [change]).made is not None
    unit = CrateContent.objects.get(name=name)
    assert unit.pk == synced.unit.pk
    assert repository.latest_version().contains(unit)
    assert unit.contentartifact_set.get().artifact.file.size == change.file.size


def test_somebody_who_takes_long_makes_it_busy(
    repository: "CargoRepository",
    prepare: Prepare,
    domain: Any,
    name: str,
    elsewhere: Do,
    short_lock_timeout: None,
) -> None:
    """Whatever statement has to wait: after seconds the publish is told to come again."""
    from django.db import transaction

    from pulp_cargo.app.services.crates import unit_rows
    from pulp_cargo.app.services.publish import commit

    synced, change = prepare(Crate(name)), prepare(Crate(name))
    elsewhere(unit_rows.save_units, [synced.unit], domain).result()
    with pytest.raises(RepositoryBusy):
        commit.commit(repository.pk, domain, [change])
    elsewhere(transaction.rollback).result()
    assert commit.commit(repository.pk, domain, [change]).made is not None


def test_somebody_at_work_on_the_same_file_makes_it_busy(
    repository: "CargoRepository",
    prepare: Prepare,
    domain: Any,
    name: str,
    elsewhere: Do,
    short_lock_timeout: None,
) -> None:
    """In seconds, too: tidying up does not wait for that lock without an end."""
    from django.db import transaction

    from pulp_cargo.app.services.crates import artifacts
    from pulp_cargo.app.services.publish import commit

    change, refused = prepare(Crate(name)), threading.Event()
    elsewhere(artifacts.lock_digests, [change.file]).result()
    in_time = elsewhere(refused.wait, 60)
    released = elsewhere(transaction.rollback)
    with pytest.raises(RepositoryBusy):
        commit.commit(repository.pk, domain, [change])
    refused.set()
    assert in_time.result()
    released.result()
    assert commit.commit(repository.pk, domain, [change]).made is not None


def test_deadlock_is_tried_again(
    repository: "CargoRepository",
    prepare: Prepare,
    domain: Any,
    name: str,
    elsewhere: Do,
    until_it_waits: Callable[[], None],
) -> None:
    """PostgreSQL ends one of two who wait for each other, here the publish."""
    from django.db import transaction

    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.crates import artifacts
    from pulp_cargo.app.services.publish import commit

    changes = [prepare(Crate(f"{name}-{number}")) for number in range(2)]
    first, second = sorted((c.file for c in changes), key=lambda file: file.digests["sha256"])
    elsewhere(artifacts.lock_digests, [second]).result()
    elsewhere(until_it_waits)
    elsewhere(artifacts.lock_digests, [first])
    elsewhere(transaction.commit)
    result = commit.commit(repository.pk, domain, changes)
    assert result.made is not None and result.refusals == [None, None]
    assert CrateContent.objects.filter(name__startswith=name).count() == 2


@pytest.mark.parametrize(
    ("cause", "raised", "tries"),
    [(DeadlockDetected(), RepositoryBusy, 2), (psycopg.OperationalError(), OperationalError, 1)],
    ids=["deadlock", "lost connection"],
)
def test_only_what_was_surely_not_committed_is_tried_again(
    repository: "CargoRepository",
    prepare: Prepare,
    domain: Any,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    cause: Exception,
    raised: type[Exception],
    tries: int,
) -> None:
    """A second deadlock is for later; after a lost connection nobody knows what happened."""
    from pulp_cargo.app.notices import channel
    from pulp_cargo.app.services.publish import commit

    seen = []

    def fail(*args: object) -> None:
        seen.append(args)
        raise OperationalError from cause

    monkeypatch.setattr(channel, "new_version", fail)
    with pytest.raises(raised):
        commit.commit(repository.pk, domain, [prepare(Crate(name))])
    assert len(seen) == tries
