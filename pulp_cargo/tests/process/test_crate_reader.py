"""The processes that read .crate files: what comes back, and what becomes of one that fails."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock
from uuid import UUID

import pytest

from pulp_cargo.protocol.errors import InvalidCrateFile, NameTaken, RegistryError
from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.reader.messages import ReadPublished, Refusal
from pulp_cargo.rules.limits import PublishLimits
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from pulp_cargo.app.services.crates.crate_reader import Reader

# The reader with another limit.
LIMITED = (
    "import sys; from pulp_cargo.reader import answering; answering.{limit};"
    " answering.serve(sys.stdin.buffer, sys.stdout.buffer)"
)


@pytest.fixture
def reader() -> "Iterator[Reader]":
    """One reader, which has no process yet."""
    from pulp_cargo.app.services.crates.crate_reader import Reader

    made = Reader()
    yield made
    made.stop()


@pytest.fixture
def wanted(tmp_path: Path) -> Callable[[Crate], ReadPublished]:
    """Makes requests to read a crate."""

    def make(crate: Crate) -> ReadPublished:
        path = tmp_path / "a.crate"
        path.write_bytes(crate.packed())
        return ReadPublished(str(path), "leaf", "1.0.0", PublishLimits())

    return make


def heavy() -> Crate:
    """A crate that takes some 0.1 seconds to read: the kernel counts a process's time in ticks."""
    return Crate("leaf", files={f"src/{number}.rs": b"" for number in range(10_000)})


def test_manifest_comes_back(reader: "Reader", wanted: Callable[[Crate], ReadPublished]) -> None:
    """For one file after the other."""
    for description in ("One.", "Another."):
        manifest, crate_file = reader.ask(
            wanted(Crate("leaf", package={"description": description}))
        )
        assert (manifest.name, manifest.description) == ("leaf", description)
        assert crate_file.root == "leaf-1.0.0"


def test_refusal_is_the_error_that_it_was(
    reader: "Reader", wanted: Callable[[Crate], ReadPublished]
) -> None:
    """With its class, by which cargo is answered, and its sentence."""
    with pytest.raises(InvalidCrateFile, match="not valid gzip"):
        reader.ask(wanted(Crate("leaf", archive=b"no archive")))
    assert reader.ask(wanted(Crate("leaf")))[0].vers == "1.0.0"


def test_error_with_arguments_of_its_own_survives() -> None:
    """Pickle would make it anew of its sentence."""
    error = Refusal.of(NameTaken("foo-bar", "foo_bar")).error()
    assert (type(error), error.status) == (NameTaken, 400)
    assert str(error) == str(NameTaken("foo-bar", "foo_bar"))


def test_process_that_was_killed_is_replaced(
    reader: "Reader", wanted: Callable[[Crate], ReadPublished]
) -> None:
    """Nobody's crate is refused for it."""
    request = wanted(Crate("leaf"))
    reader.ask(request)
    assert reader._process is not None
    os.kill(reader._process.pid, signal.SIGKILL)
    assert reader.ask(request)[0].name == "leaf"


def test_file_that_takes_too_long_is_refused(
    reader: "Reader",
    wanted: Callable[[Crate], ReadPublished],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel ends the process, whatever it is at; the next file is read by another one."""
    command = (sys.executable, "-c", LIMITED.format(limit="CPU_SECONDS = 0.005"))
    with monkeypatch.context() as limited:
        limited.setattr(reader, "_command", command)
        with pytest.raises(InvalidCrateFile, match="takes too long"):
            reader.ask(wanted(heavy()))
    assert reader.ask(wanted(heavy()))[0].name == "leaf"


def test_process_that_always_fails_is_no_fault_of_the_crate(
    reader: "Reader",
    wanted: Callable[[Crate], ReadPublished],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Cargo is told to try again later."""
    monkeypatch.setattr(reader, "_command", (sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(ServiceUnavailable, match="try again later"):
        reader.ask(wanted(Crate("leaf")))


def test_much_metadata_is_read_in_another_process() -> None:
    """It comes back as it would be read here, and so does what is wrong with it."""
    from pulp_cargo.app.services.crates import crate_reader
    from pulp_cargo.protocol import publish

    readers = crate_reader.CrateReaders()
    readme = "w" * crate_reader.LITTLE_METADATA
    data = f'{{"name":"a","vers":"1.0.0","deps":[{{"name":"b"}}],"readme":"{readme}"}}'.encode()
    assert readers.parse_metadata(data, 1) == publish.parse_metadata(data, 1)
    with pytest.raises(
        RegistryError, match="has 1 dependencies, but this registry allows at most 0"
    ):
        readers.parse_metadata(data, 0)
    readers.stop()


def test_request_waits_for_a_reader_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process more than there are threads for large files, and then a 503."""
    from pulp_cargo.app.runtime import threads, timeouts
    from pulp_cargo.app.services.crates.crate_reader import Reader, ReaderPool

    read = threading.Event()
    monkeypatch.setattr(timeouts, "READER_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(Reader, "ask", lambda reader, request: read.wait(request))
    pool = ReaderPool()
    readers = threads.LARGE_EXAMINER_COUNT + 1
    with ThreadPoolExecutor(readers) as asking:
        answers = [asking.submit(pool.ask, 20) for _ in range(readers)]
        with pytest.raises(ServiceUnavailable, match="too many crates are being read"):
            pool.ask(0)
        read.set()
        assert [answer.result() for answer in answers] == [True] * readers
    assert pool.ask(0) is True


def test_file_that_was_not_read_says_nothing_about_its_crate() -> None:
    """Its licence is not known to be none, and it is not stored as one that cannot be read."""
    from pulp_cargo.app.services.crates.cached_unit import unit_of_upstream
    from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch

    busy = mock.Mock()
    busy.read_upstream.side_effect = ServiceUnavailable("too many crates are being read")
    file = mock.Mock()
    download = mock.Mock(whole=file, vers="1.0.0")
    with pytest.raises(ServiceUnavailable):
        SharedFetch.license(download, busy)
    line = json.dumps({"name": "leaf", "vers": "1.0.0", "deps": [], "cksum": "0" * 64})
    with pytest.raises(ServiceUnavailable):
        unit_of_upstream(busy, line, file, "https://up.example/", UUID(int=1))
