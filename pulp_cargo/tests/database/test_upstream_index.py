"""Upstreams' index files in the database: whose word counts, and when they go."""

import asyncio
import gzip
import hashlib
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pulp_cargo.tests.functional.serve import launcher

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRemote
    from pulp_cargo.app.queries.upstreams.index_copy import CrateGone, IndexFileCopy
    from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
WAITING = """
    SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = %s
"""


@pytest.fixture
def remote() -> "Iterator[CargoRemote]":
    """A remote that nobody answers for."""
    from pulp_cargo.app.models import CargoRemote

    made = CargoRemote.objects.create(
        name=f"db-{secrets.token_hex(5)}", url="sparse+https://r.example/i/"
    )
    yield made
    CargoRemote.objects.filter(pk=made.pk).delete()


def view(remote: "CargoRemote") -> "UpstreamRemote":
    """Return a remote as the content process sees it."""
    from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote

    return UpstreamRemote(remote.pk, remote.name, remote.url, remote.policy, None, 60, None)


def copy(body: bytes, checked_at: datetime = NOON, **first_seen: str) -> "IndexFileCopy":
    """Return a file as it was fetched."""
    from pulp_cargo.app.queries.upstreams.index_copy import IndexFileCopy

    digest = hashlib.sha256(body).hexdigest()
    return IndexFileCopy(
        "a-b",
        digest,
        True,
        '"1"',
        None,
        checked_at,
        dict(first_seen),
        gzipped=gzip.compress(body, mtime=0),
    )


def keep(
    remote: "UpstreamRemote", kept: "IndexFileCopy | CrateGone", *, is_new: bool = True
) -> None:
    """Write a file as the content process does."""
    from pulp_cargo.app.services.cache import index_store

    index_store.write([index_store.Row(remote, kept, is_new)])


def read(remote: "CargoRemote") -> "IndexFileCopy | CrateGone | None":
    """Return what is kept."""
    from pulp_cargo.app.queries.upstreams.index_copy import index_copy

    return index_copy(remote.pk, "a-b")


def test_file_comes_back_as_it_went_in(remote: "CargoRemote"):
    """Byte by byte, with its validators and times."""
    keep(view(remote), copy(b"line\n", **{"1.0.0": "2026-01-01T00:00:00Z"}))
    found = read(remote)
    assert found == copy(b"line\n", **{"1.0.0": "2026-01-01T00:00:00Z"})
    assert found.body() == b"line\n"


def test_newest_word_counts(remote: "CargoRemote"):
    """Of two processes that asked at the same time, the slower does not win."""
    keep(view(remote), copy(b"new\n", LATER))
    keep(view(remote), copy(b"old\n", NOON))
    found = read(remote)
    assert found is not None and found.body() == b"new\n"


def test_first_sight_of_a_version_stays(remote: "CargoRemote"):
    """A later fetch adds what it saw first."""
    keep(view(remote), copy(b"1\n", NOON, **{"1.0.0": "2026-01-01T00:00:00Z"}))
    keep(view(remote), copy(b"2\n", LATER, **{"1.0.1": "2026-01-02T00:00:00Z"}))
    found = read(remote)
    assert found is not None
    assert found.first_seen == {"1.0.0": "2026-01-01T00:00:00Z", "1.0.1": "2026-01-02T00:00:00Z"}


def test_confirmation_moves_the_time_alone(remote: "CargoRemote"):
    """And only where the row has the same bytes."""
    keep(view(remote), copy(b"1\n", NOON))
    keep(view(remote), copy(b"1\n", LATER), is_new=False)
    assert read(remote) == copy(b"1\n", LATER)
    keep(view(remote), copy(b"other\n", LATER + timedelta(minutes=1)), is_new=False)
    assert read(remote) == copy(b"1\n", LATER)


def test_crate_that_is_gone_has_no_bytes(remote: "CargoRemote"):
    """The row stays, so that it is known to have been there."""
    from pulp_cargo.app.queries.upstreams.index_copy import CrateGone

    keep(view(remote), copy(b"1\n", NOON))
    was = copy(b"1\n", LATER)
    gone = CrateGone(was.name, was.digest, was.is_sound, was.etag, None, was.checked_at)
    keep(view(remote), gone)
    assert read(remote) == gone


def test_another_url_is_another_registry(remote: "CargoRemote"):
    """Its files are asked for anew; what was on its way from the old one is not kept."""
    before = view(remote)
    keep(before, copy(b"1\n"))
    remote.url = "sparse+https://other.example/i/"
    remote.save()
    assert read(remote) is None
    keep(before, copy(b"1\n", LATER))
    assert read(remote) is None


def test_url_that_changes_while_a_file_is_written_leaves_none(remote: "CargoRemote"):
    """Whoever changes it waits for what is under way, and removes that, too."""
    from django.db import connection, transaction

    before = view(remote)
    remote.url = "sparse+https://other.example/i/"

    def change() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET application_name = 'changes the URL'")
        remote.save()
        connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            keep(before, copy(b"1\n"))
            changing = other.submit(change)
            assert launcher.wait_for(lambda: changing.done() or is_waiting("changes the URL"))
        changing.result()
    assert read(remote) is None


def is_waiting(application: str) -> bool:
    """Whether a connection of this name waits for a lock."""
    from django.db import connection

    with closing(connection.copy()) as mine, mine.cursor() as cursor:
        cursor.execute(WAITING, [application])
        return cursor.fetchone() is not None


def test_removed_remote_keeps_nothing(remote: "CargoRemote"):
    """Others in the same lot are written all the same."""
    gone = replace(view(remote), pk=remote.pk)
    remote.delete()
    keep(gone, copy(b"1\n"))
    assert read(remote) is None


async def read_before_it_was_written(
    remote: "UpstreamRemote", kept: "IndexFileCopy"
) -> "IndexFileCopy | CrateGone | None":
    """Return what is known of a file whose row is read just before the file is written."""
    from pulp_cargo.app.runtime import threads
    from pulp_cargo.app.services.process import ServiceState

    cache = ServiceState().cache

    async def read_row(*asked: object) -> None:
        # The row is not there yet; by the time that who asked goes on, the queue is empty.
        await cache.index_store.written()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "read", read_row)
        cache.index_store.put(remote, kept, is_new=True)
        return await cache.index_files._known(remote, kept.name)


def test_file_that_is_being_written_is_known(remote: "CargoRemote"):
    """Between the queue and the row there is no moment in which nobody has it."""
    found = asyncio.run(read_before_it_was_written(view(remote), copy(b"1\n")))
    assert found == copy(b"1\n")
    assert read(remote) == copy(b"1\n")
