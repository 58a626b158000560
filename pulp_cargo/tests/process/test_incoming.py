"""A file on its way in, on a disk that gets full."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.protocol.unavailable import StorageFull

if TYPE_CHECKING:
    from pulp_cargo.app.services.crates.incoming_file import IncomingFile

NewFile = Callable[..., "IncomingFile"]


@pytest.fixture
def new_file(tmp_path: Path) -> Iterator[NewFile]:
    """Makes files in a folder of the test's own."""
    from pulp_cargo.app.services.crates.incoming_file import IncomingFile

    made: list[IncomingFile] = []

    def make(**kind: Any) -> IncomingFile:
        made.append(IncomingFile(str(tmp_path), **kind))
        return made[-1]

    yield make
    for one in made:
        one.discard()


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets files on the disk grow to so many bytes, and none beyond."""
    pwrite = os.pwrite

    def leave(most: int) -> None:
        def write(handle: int, data: memoryview, at: int) -> int:
            is_on_disk = not os.readlink(f"/proc/self/fd/{handle}").startswith("/memfd:")
            if is_on_disk and at >= most:
                raise OSError(errno.ENOSPC, "No space left on device")
            return pwrite(handle, data[: most - at] if is_on_disk else data, at)

        monkeypatch.setattr(os, "pwrite", write)

    return leave


def test_lot_for_which_there_is_no_room_is_not_counted(
    new_file: NewFile, room: Callable[[int], None]
) -> None:
    """Size and checksum are those of the lots that were taken whole."""
    file, other = new_file(), new_file()
    room(1_000)
    file.write(b"a" * 800)
    with pytest.raises(StorageFull):
        file.write(b"b" * 800)
    other.write(b"a" * 800)
    assert (file.size, file.cksum) == (other.size, other.cksum)


def test_file_goes_on_in_memory(
    new_file: NewFile, room: Callable[[int], None], tmp_path: Path
) -> None:
    """By the same handle, which others may be reading, and nothing of it stays on the disk."""
    from pulp_cargo.app.services.crates.incoming_file import FileMemory

    file = new_file()
    room(1_000)
    file.write(b"a" * 800)
    handle = file.file.fileno()
    with pytest.raises(StorageFull):
        file.write(b"b" * 800)
    file.move_to_memory(FileMemory())
    file.write(b"c" * 800)
    assert file.is_in_memory
    assert list(tmp_path.iterdir()) == []
    assert os.pread(handle, 2_000, 0) == b"a" * 800 + b"c" * 800
    assert Path(file.path).read_bytes() == b"a" * 800 + b"c" * 800


def test_file_that_memory_has_no_room_for_stays_where_it_is(
    new_file: NewFile, tmp_path: Path
) -> None:
    """And goes with who lets go of it, as any other."""
    from pulp_cargo.app.services.crates.incoming_file import FileMemory

    memory = FileMemory(most_bytes=100)
    file = new_file()
    file.write(b"a" * 800)
    with pytest.raises(StorageFull):
        file.move_to_memory(memory)
    assert not file.is_in_memory
    assert Path(file.path).read_bytes() == b"a" * 800
    file.discard()
    assert list(tmp_path.iterdir()) == []
    assert memory.taken == 0


def test_memory_has_an_end(new_file: NewFile) -> None:
    """And what is let go of makes room in it."""
    from pulp_cargo.app.services.crates.incoming_file import FileMemory

    memory = FileMemory(most_bytes=1_000)
    file, other = new_file(memory=memory), new_file(memory=memory)
    file.write(b"a" * 800)
    with pytest.raises(StorageFull):
        other.write(b"a" * 800)
    file.discard()
    file.discard()
    other.write(b"a" * 800)
    other.discard()
    assert memory.taken == 0


def test_full_disk_of_the_database_is_no_failure_of_ours() -> None:
    """Whoever publishes is told that there is no room, and not that nobody knows what happened."""
    from django.db import OperationalError
    from psycopg.errors import DiskFull

    from pulp_cargo.app.endpoints.http.errors import as_registry_error

    error = OperationalError("could not extend file")
    error.__cause__ = DiskFull("could not extend file")
    assert isinstance(as_registry_error(error), StorageFull)
