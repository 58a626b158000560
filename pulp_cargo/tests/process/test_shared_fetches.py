"""Fetches that several want, and those that are being stored while somebody asks for the file."""

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch

REMOTE: Any = SimpleNamespace(identity=("pk", "url"))
FILE = REMOTE, "leaf", "1.0.0", "0" * 64


@pytest.fixture(autouse=True)
def come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files come at once, from nowhere."""
    from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch

    async def run(fetch: "SharedFetch", clients: Any, remote: Any) -> None:
        fetch.is_complete = True
        fetch._notify()

    monkeypatch.setattr(SharedFetch, "run", run)


@pytest.fixture
def fetched(tmp_path: Path) -> "SharedFetch":
    """A complete fetch, whose file is in a directory."""
    from pulp_cargo.app.services.crates.incoming_file import FileMemory, IncomingFile
    from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch

    fetch = SharedFetch("leaf", "1.0.0", "0" * 64, FileMemory(), lambda _: None)
    fetch.file = IncomingFile(str(tmp_path))
    fetch.file.write(Crate("leaf", package={"license": "MIT"}).packed())
    return fetch


def test_licence_is_read_from_a_file_that_was_moved_to_the_storage(
    fetched: "SharedFetch", tmp_path: Path
) -> None:
    """The file may be stored while a policy still needs its licence."""
    from pulp_cargo.app.services.crates.crate_reader import CrateReaders

    os.rename(fetched.whole.path, tmp_path / "stored")
    readers = CrateReaders()
    try:
        assert fetched.license(readers) == "MIT"
    finally:
        readers.stop()


def test_licence_that_cannot_be_read_now_is_not_a_missing_one(
    fetched: "SharedFetch",
) -> None:
    """A policy would refuse a crate without a licence; a 503 is tried again."""

    def read_upstream(*_: Any, **__: Any) -> None:
        raise ServiceUnavailable("try again later")

    readers: Any = SimpleNamespace(read_upstream=read_upstream)
    with pytest.raises(ServiceUnavailable):
        fetched.license(readers)


async def found_again(*, leased: bool) -> bool:
    """Whether who asks for a file that is stored meanwhile finds its fetch again."""
    from pulp_cargo.app.services.process import ServiceState

    fetches = ServiceState().cache.fetches
    # The queue that stores files keeps each until it is in the tables.
    first = fetches.fetch(*FILE, lambda fetch: fetch.acquire())
    await first.ended()
    await asyncio.sleep(0)
    if leased:
        with fetches.leased_if_running(*FILE):
            first.release()
            return fetches.fetch(*FILE, None) is first
    first.release()
    second = fetches.fetch(*FILE, None)
    await second.ended()
    await asyncio.sleep(0)
    return second is first


def test_download_that_is_stored_meanwhile_is_no_second_one() -> None:
    """The tables had nothing yet when they were asked, and the queue has nothing any more."""
    assert asyncio.run(found_again(leased=True))


def test_download_that_nobody_wants_any_more_is_gone() -> None:
    """Whoever asks after that has the file from the storage, or fetches it anew."""
    assert not asyncio.run(found_again(leased=False))
    assert not asyncio.run(found_again(leased=False))


def test_nothing_is_leased_of_a_file_that_does_not_come() -> None:
    """Which is most files."""
    from pulp_cargo.app.services.process import ServiceState

    fetches = ServiceState().cache.fetches
    with fetches.leased_if_running(*FILE):
        assert fetches._fetches == {}
