"""A file system without a byte left, where crates come in, where they stay, or both.

What was published before is served, nothing new is stored in part, and all is well once there is
room. The file systems are in memory, which takes the right to mount them.
"""

import http.client
import json
import random
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.functional.faults.conftest import elsewhere
from pulp_cargo.tests.functional.serve.launcher import family, wait_for
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.cache import Cache, make_cache
from pulp_cargo.tests.support.crate import Crate, heavy
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import PATIENCE
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.traces import nothing_left, nothing_stored, unfinished_uploads

pytestmark = [
    pytest.mark.faults,
    pytest.mark.parametrize(
        ("disks", "full_one"),
        [("one", "stored"), ("two", "working"), ("two", "stored")],
        indirect=["disks"],
        scope="module",
    ),
]

SIZE = 64 * 1024 * 1024
LARGE = 3_000_000
ROOM = 1_000_000
NOTHING = bytes(1024 * 1024)


@dataclass(frozen=True, slots=True)
class Disks:
    """A running Pulp, and the file systems that a test fills: of incoming files, and of stored ones."""

    stack: Stack
    working: Path
    stored: Path

    @property
    def registry(self) -> Registry:
        """The registry that is there from the start."""
        return self.stack.registry


@contextmanager
def file_system(path: Path) -> Iterator[Path]:
    """Have a small file system of its own at a path."""
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", path], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        yield path
    finally:
        # Lazily, since what still runs there is about to end.
        subprocess.run(["umount", "--lazy", path], check=True)


def has_removed_files(stack: Stack, disk: Path) -> bool:
    """Whether Pulp still has a file of a file system open that was removed: it takes room."""
    device = disk.stat().st_dev
    for process in family(stack.pids["supervisor"]):
        # Processes and their handles come and go meanwhile.
        with suppress(OSError):
            for handle in Path(f"/proc/{process.pid}/fd").iterdir():
                with suppress(OSError):
                    found = handle.stat()
                    if found.st_dev == device and found.st_nlink == 0:
                        return True
    return False


@contextmanager
def full(disks: "Disks", full_one: str, *, room: int = 0) -> Iterator[None]:
    """Leave no more than some bytes free on a file system, for a while."""
    disk = {"working": disks.working, "stored": disks.stored}[full_one]
    # What was fetched before would make room when it is stored, and its file closed after that.
    assert wait_for(lambda: not unfinished_uploads(disks.stack))
    assert wait_for(lambda: not has_removed_files(disks.stack, disk))
    # Nobody's file, so it stands beside what Pulp has there.
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            # The last write but one is in part.
            while True:
                file.write(NOTHING)
        file.truncate(max(0, file.tell() - room))
    try:
        yield
    finally:
        filler.unlink()


@pytest.fixture(scope="module")
def disks(request: pytest.FixtureRequest, open_directory: Path, stack: Stack) -> Iterator[Disks]:
    """A Pulp with its files on one file system, or on two."""
    root = Path(tempfile.mkdtemp(dir=open_directory))
    root.chmod(0o755)
    with file_system(root / "a") as one, file_system(root / "b") as other:
        working = one if request.param == "one" else other
        places = {"MEDIA_ROOT": one / "media", "WORKING_DIRECTORY": working / "working"}
        for place in places.values():
            place.mkdir()
        with elsewhere(stack, places):
            yield Disks(stack, working, one)


@pytest.fixture(scope="module")
def upstream() -> Iterator[SparseUpstream]:
    """An upstream registry without crates."""
    with sparse_upstream.running() as server:
        yield server


@pytest.fixture(scope="module")
def cache(stack: Stack, upstream: SparseUpstream) -> Cache:
    """A cache of it."""
    return make_cache(stack, upstream.index_url)


@pytest.mark.parametrize(
    ("size", "room"), [(10, 0), (LARGE, 0), (LARGE, ROOM)], ids=["small", "large", "in the midst"]
)
def test_publish(disks: Disks, full_one: str, name: str, size: int, room: int) -> None:
    """It gets a sentence, nothing of it stays, and what was there before is served as before."""
    registry = disks.registry
    before, crate = Crate(f"{name}-before"), noisy(name, size)
    registry.publish(before)
    with nothing_stored(disks.stack, registry, name), full(disks, full_one, room=room):
        answer = registry.send(crate)
        assert answer.status == 503, answer
        (error,) = json.loads(answer.body)["errors"]
        assert "has no space left" in error["detail"]
        assert int(answer.headers["retry-after"]) > 0
        assert serves(registry, before)
    registry.publish(crate)
    assert serves(registry, crate)


def send_all_but_the_end(registry: Registry, crate: Crate, one_was_refused: Event) -> int:
    """Publish a crate, and return the status; its last byte is sent when a crate was refused."""
    body = crate.body(registry.index_url)
    connection = http.client.HTTPConnection(urlsplit(registry.url).netloc, timeout=PATIENCE)
    try:
        headers = {"Content-Length": str(len(body)), "Authorization": str(registry.token)}
        connection.request("PUT", f"{urlsplit(registry.url).path}api/v1/crates/new", None, headers)
        connection.send(body[:-1])
        deadline = time.monotonic() + PATIENCE
        while not one_was_refused.wait(0.05) and time.monotonic() < deadline:
            if select.select([connection.sock], [], [], 0)[0]:
                one_was_refused.set()
        # The registry may have closed the connection of the one that it refused.
        with suppress(OSError):
            connection.send(body[-1:])
        return connection.getresponse().status
    finally:
        connection.close()


def test_publishes_at_once(disks: Disks, full_one: str, name: str) -> None:
    """None of those that come together takes the others along when room runs out."""
    registry = disks.registry
    # One fits, but not the first parts of all, which are written when half a megabyte has come.
    crates = [noisy(f"{name}-{number}", 800_000) for number in range(6)]
    one_was_refused = Event()
    if full_one == "stored":
        # What is stored keeps its room. What comes in leaves its place, so all have to come together.
        one_was_refused.set()
    with nothing_left(disks.stack):
        with full(disks, full_one, room=ROOM), ThreadPoolExecutor(len(crates)) as pool:
            statuses = list(
                pool.map(lambda one: send_all_but_the_end(registry, one, one_was_refused), crates)
            )
            assert set(statuses) <= {200, 503}
            assert 503 in statuses
            served = [crate for crate in crates if registry.index(crate.name)]
            assert len(served) == statuses.count(200)
            assert all(serves(registry, crate) for crate in served)
        for crate, status in zip(crates, statuses, strict=True):
            if status != 200:
                registry.publish(crate)
            assert serves(registry, crate)


def test_yank(disks: Disks, full_one: str, name: str) -> None:
    """It takes no room but that of the database."""
    crate = Crate(name)
    disks.registry.publish(crate)
    with full(disks, full_one):
        assert disks.registry.yank(name, crate.vers).status == 200
    (line,) = disks.registry.index(name)
    assert line["yanked"] is True


@pytest.mark.parametrize(
    ("size", "room"), [(10, 0), (LARGE, 0), (LARGE, ROOM)], ids=["small", "large", "in the midst"]
)
def test_cache(
    disks: Disks,
    full_one: str,
    cache: Cache,
    upstream: SparseUpstream,
    name: str,
    size: int,
    room: int,
) -> None:
    """Clients get what they came for, though it cannot be kept; with room it is kept again."""
    crate = heavy(name, size)
    upstream.have(crate)
    registry = cache.registry
    with cache.keeps_nothing(name), full(disks, full_one, room=room), ThreadPoolExecutor(3) as pool:
        assert registry.index(name)
        answers = list(pool.map(lambda _: registry.download(name, crate.vers), range(3)))
        assert [(answer.status, answer.body == crate.packed()) for answer in answers] == [
            (200, True)
        ] * 3
        # What waits to be kept is thrown away only when that is tried.
        assert wait_for(lambda: not unfinished_uploads(disks.stack))
    assert registry.download(name, crate.vers).status == 200
    assert cache.keeps(f"{name} {crate.vers}")


def noisy(name: str, size: int) -> Crate:
    """Return a crate that is no smaller packed, packed only once."""
    crate = Crate(name, files={"noise": random.Random(name).randbytes(size)})
    return replace(crate, archive=crate.packed())


def serves(registry: Registry, crate: Crate) -> bool:
    """Whether index and file of a crate are there, with every byte."""
    file = registry.download(crate.name, crate.vers)
    return bool(registry.index(crate.name)) and file.body == crate.packed(registry.index_url)
