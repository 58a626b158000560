"""A .crate file that is being received: written to Pulp's working directory, and hashed meanwhile.

If the disk is full, a file that is only passed on by a cache can be moved to memory.
"""

import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from pulpcore.plugin import pulp_hashlib
from pulpcore.plugin.models import Artifact

from pulp_cargo.app.runtime import threads
from pulp_cargo.app.runtime.free_space import storage_full
from pulp_cargo.protocol.unavailable import StorageFull

PREFIX, SUFFIX = "crate-", ".part"
CHECKSUM = "sha256"
# Files are read in chunks of this many bytes.
CHUNK_BYTES = 1024 * 1024
# Maximum memory of a process for files that do not fit on the disk, in bytes.
MOST_IN_MEMORY = 256 * 1024 * 1024


class FileMemory:
    """How many bytes of files a process has in memory; for any thread."""

    def __init__(self, most_bytes: int = MOST_IN_MEMORY) -> None:
        self.taken = 0
        self._most_bytes = most_bytes
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Count bytes, negative ones if they are released; raises StorageFull for too many."""
        with self._lock:
            if size > 0 and self.taken + size > self._most_bytes:
                raise StorageFull
            self.taken += size


class IncomingFile:
    """A temporary file with the digests that Pulp needs, until it is moved to the storage."""

    def __init__(self, directory: str | None = None, *, memory: FileMemory | None = None) -> None:
        # With `memory`, the bytes are there instead of in a directory.
        self._memory, self._taken = memory, 0
        with storage_full():
            if memory is not None:
                handle = os.memfd_create(PREFIX)
                self.path = _path_of(handle)
            else:
                handle, self.path = tempfile.mkstemp(
                    prefix=PREFIX, suffix=SUFFIX, dir=directory or settings.WORKING_DIRECTORY
                )
            self.file: BinaryIO = os.fdopen(handle, "w+b", buffering=0)
            # The lock shows that a process is using the file (see remove_leftovers).
            fcntl.flock(handle, fcntl.LOCK_EX)
        self.size = 0
        self._checksum = pulp_hashlib.new(CHECKSUM)
        self._digests: dict[str, str] = {}
        self._holders = 1

    @property
    def is_in_memory(self) -> bool:
        """Whether the file is in memory, because the disk is full, so that it cannot be stored."""
        return self._memory is not None

    def write(self, chunk: bytes) -> None:
        """Append all bytes; raises StorageFull, and then the file has none of them."""
        if self._memory is not None:
            self._memory.take(len(chunk))
            self._taken += len(chunk)
        with storage_full():
            rest = memoryview(chunk)
            # When a disk fills up, a write may be partial, and only the next one fails.
            while rest:
                at = self.size + len(chunk) - len(rest)
                rest = rest[os.pwrite(self.file.fileno(), rest, at) :]
        self._checksum.update(chunk)
        self.size += len(chunk)

    def move_to_memory(self, memory: FileMemory) -> None:
        """Move the bytes to memory, and free the space on the disk; raises StorageFull.

        Concurrent readers are not affected, since the file descriptor remains the same.
        """
        handle, copy = self.file.fileno(), IncomingFile(memory=memory)
        try:
            for at in range(0, self.size, CHUNK_BYTES):
                copy.write(os.pread(handle, min(CHUNK_BYTES, self.size - at), at))
            os.dup2(copy.file.fileno(), handle, inheritable=False)
            os.unlink(self.path)
            # The counted memory now belongs to this file.
            self._memory, self._taken, copy._taken = memory, copy._taken, 0
        finally:
            copy.discard()
        self.path = _path_of(handle)

    def settle(self) -> None:
        """Write the bytes to the disk with fsync, and compute the digests.

        A file that was closed is closed again.
        """
        was_closed = self.file.closed
        handle = self.rewind().fileno()
        with storage_full():
            os.fsync(handle)
        self._work_out_digests()
        if was_closed:
            self.file.close()

    def rewind(self) -> BinaryIO:
        """Return the file at its beginning."""
        if self.file.closed:
            self.file = os.fdopen(os.open(self.path, os.O_RDONLY), "rb", buffering=0)
        self.file.seek(0)
        return self.file

    def reopened(self) -> BinaryIO:
        """Return another handle of the file, with its own position."""
        return open(f"/proc/self/fd/{self.file.fileno()}", "rb", buffering=0)

    @property
    def path_of_handle(self) -> str:
        """The path by which other processes can open the file, even after it was moved or removed."""
        return _path_of(self.file.fileno())

    def restore(self) -> None:
        """Write the file to its path again, after a commit that moved it has failed."""
        if not os.path.exists(self.path):
            if self.file.closed:
                raise ValueError(f"the file {self.path} is gone")
            copy_whole(self.rewind(), self.path)

    def acquire(self) -> None:
        """Add a lease, so that the file exists at least until `release`."""
        self._holders += 1

    def release(self) -> None:
        """Release a lease, and discard the file after the last one."""
        self._holders -= 1
        if not self._holders:
            self.discard()

    @property
    def cksum(self) -> str:
        """The file's checksum in an index, in hex (Cargo Book, "Index Format")."""
        return self._checksum.hexdigest()

    @property
    def is_settled(self) -> bool:
        """Whether the bytes were written to the disk with fsync."""
        return bool(self._digests)

    @property
    def digests(self) -> dict[str, str]:
        """The digests of a settled file in hex, by their names in Pulp."""
        if not self._digests:
            raise ValueError(f"the file {self.path} was not settled before it is stored")
        return self._digests

    def discard(self) -> None:
        """Close the file and remove it, unless it was moved away."""
        self.file.close()
        if self._memory is not None:
            self._memory.take(-self._taken)
            self._taken = 0
            return
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            return

    def _work_out_digests(self) -> None:
        names = set(Artifact.DIGEST_FIELDS) - {CHECKSUM}
        hashers = {name: pulp_hashlib.new(name) for name in names}
        # With its own handle, because others may read the file at the same time.
        with self.reopened() as file:
            while chunk := file.read(CHUNK_BYTES):
                for hasher in hashers.values():
                    hasher.update(chunk)
        digests = {name: hasher.hexdigest() for name, hasher in hashers.items()}
        self._digests = {CHECKSUM: self.cksum, **digests}


def _path_of(handle: int) -> str:
    """Return the path by which other processes can open a file of this process."""
    return f"/proc/{os.getpid()}/fd/{handle}"


@contextmanager
def settling(file: IncomingFile) -> Iterator[None]:
    """Settle a file during the context; raises StorageFull at its end."""
    done = threads.SETTLERS.submit(file.settle)
    try:
        yield
    finally:
        # The file must not be closed before.
        wait([done])
    done.result()


def copy_whole(file: BinaryIO, path: str) -> None:
    """Copy a file to a path with fsync, completely or not at all; raises StorageFull."""
    folder, name = os.path.split(path)
    handle, part = tempfile.mkstemp(prefix=f"{name}-", suffix=SUFFIX, dir=folder)
    try:
        with os.fdopen(handle, "wb") as copy, storage_full():
            shutil.copyfileobj(file, copy)
            copy.flush()
            os.fsync(handle)
            os.rename(part, path)
    except BaseException:
        # Also when the task is cancelled.
        os.unlink(part)
        raise


def remove_leftovers() -> None:
    """Remove the files of processes that were killed during a publish."""
    for path in Path(settings.WORKING_DIRECTORY).glob(f"{PREFIX}*{SUFFIX}"):
        with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
