"""The worker dies in the middle of the import of a bundle."""

import threading
import time

import psycopg
import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.bundles import bundle
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.rest import Refused, unique
from pulp_cargo.tests.support.stack import REPOSITORIES, Stack

pytestmark = pytest.mark.faults

# The lock of a repository, before which all files of the bundle are stored.
LOCK = "SELECT pg_advisory_lock(%s, hashtext(%s))"
LOCK_CLASS = 0x6361_7267
WAITING = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND NOT granted"
PATIENCE_SECONDS = 60


def test_worker_that_is_killed_before_the_version_is_made(stack: Stack) -> None:
    """Nothing of the bundle is to be seen, and the next import takes in all of it."""
    name, index_url = unique("leaf"), stack.registry.index_url
    versions = [Crate(name, vers) for vers in ("1.0.0", "1.1.0", "2.0.0")]
    file = bundle(contents={(name, one.vers): one.packed(index_url) for one in versions})
    repository = stack.rest.make(REPOSITORIES, name=unique("gap"))["pulp_href"]
    failed: list[Refused] = []

    def bring() -> None:
        try:
            stack.rest.call("POST", f"{repository}import_bundle/", files={"file": ("b", file)})
        except Refused as error:
            failed.append(error)

    first = threading.Thread(target=bring)
    with stack.connect() as locking, stack.connect() as looking:
        locking.execute(LOCK, [LOCK_CLASS, repository.rstrip("/").rpartition("/")[2]])
        first.start()
        wait_for_a_lock(looking)
        launcher.kill(stack.child("pulp-worker").pid)
    first.join(PATIENCE_SECONDS)
    assert failed
    assert stack.rest.get(repository)["latest_version_href"] == f"{repository}versions/0/"
    bring()
    assert len(failed) == 1
    newest = stack.rest.get(repository)["latest_version_href"]
    assert newest == f"{repository}versions/1/"
    crates = stack.rest.list("content/cargo/crates/", repository_version=newest)
    assert {one["vers"] for one in crates} == {"1.0.0", "1.1.0", "2.0.0"}
    yanks = stack.rest.list("content/cargo/yanks/", repository_version=newest)
    assert [one["vers"] for one in yanks] == ["2.0.0"]


def wait_for_a_lock(database: psycopg.Connection[tuple[object, ...]]) -> None:
    """Wait until the import waits for the lock of its repository."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not database.execute(WAITING, [LOCK_CLASS]).fetchone():
        assert time.monotonic() < deadline
        time.sleep(0.05)
