"""A .crate file on its way in: written to Pulp's working directory and hashed as it comes."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from pulpcore.plugin import pulp_hashlib
from pulpcore.plugin.models import Artifact

from pulp_cargo.protocol.unavailable import StorageFull

PREFIX, SUFFIX = "crate-", ".part"
CHECKSUM = "sha256"
# Files are read in lots of this many bytes.
LOT = 1024 * 1024


class IncomingFile:
    """A temporary file with the digests that Pulp wants; gone unless it is moved to the storage."""

    def __init__(self, directory: str | None = None) -> None:
        with _storage_full():
            handle, self.path = tempfile.mkstemp(
                prefix=PREFIX, suffix=SUFFIX, dir=directory or settings.WORKING_DIRECTORY
            )
            self.file: BinaryIO = os.fdopen(handle, "w+b", buffering=0)
            # While this lock is held a process is at work on the file (see remove_leftovers).
            fcntl.flock(handle, fcntl.LOCK_EX)
        self.size = 0
        self._checksum = pulp_hashlib.new(CHECKSUM)
        self._digests: dict[str, str] = {}
        self._holders = 1

    def write(self, chunk: bytes) -> None:
        """Append bytes; raises StorageFull when the disk has no room."""
        self._checksum.update(chunk)
        with _storage_full():
            rest = memoryview(chunk)
            # A disk that gets full takes a part and says so only at the next write.
            while rest:
                rest = rest[os.write(self.file.fileno(), rest) :]
        self.size += len(chunk)

    def settle(self) -> None:
        """Make sure that the bytes are on the disk, not in its cache, and work out the digests.

        A file that was closed is closed again.
        """
        was_closed = self.file.closed
        handle = self.rewind().fileno()
        with _storage_full():
            os.fsync(handle)
        self._work_out_digests()
        if was_closed:
            self.file.close()

    def rewind(self) -> BinaryIO:
        """Return the file, at its start."""
        if self.file.closed:
            self.file = os.fdopen(os.open(self.path, os.O_RDONLY), "rb", buffering=0)
        self.file.seek(0)
        return self.file

    def reopened(self) -> BinaryIO:
        """Return the file by another handle, with a place of its own in it."""
        return open(f"/proc/self/fd/{self.file.fileno()}", "rb", buffering=0)

    def restore(self) -> None:
        """Make sure that the file has a name again, after a commit that moved it failed."""
        if not os.path.exists(self.path):
            if self.file.closed:
                raise ValueError(f"the file {self.path} is gone")
            copy_whole(self.rewind(), self.path)

    def hold(self) -> None:
        """Keep the file until `release`, whoever else lets go of it."""
        self._holders += 1

    def release(self) -> None:
        """Let go of the file, which is discarded when nobody holds it any more."""
        self._holders -= 1
        if not self._holders:
            self.discard()

    @property
    def cksum(self) -> str:
        """The checksum that registries name a file by, in hex (Cargo Book, "Index Format")."""
        return self._checksum.hexdigest()

    @property
    def is_settled(self) -> bool:
        """Whether its bytes are on the disk."""
        return bool(self._digests)

    @property
    def digests(self) -> dict[str, str]:
        """Every digest of a settled file in hex, by its name in Pulp."""
        assert self._digests, "a file is settled before it is stored"
        return self._digests

    def discard(self) -> None:
        """Close the file and remove it, unless it was moved away."""
        self.file.close()
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            return

    def _work_out_digests(self) -> None:
        names = set(Artifact.DIGEST_FIELDS) - {CHECKSUM}
        hashers = {name: pulp_hashlib.new(name) for name in names}
        # Others may read the file at the same time.
        with self.reopened() as file:
            while lot := file.read(LOT):
                for hasher in hashers.values():
                    hasher.update(lot)
        digests = {name: hasher.hexdigest() for name, hasher in hashers.items()}
        self._digests = {CHECKSUM: self.cksum, **digests}


def copy_whole(file: BinaryIO, path: str) -> None:
    """Have a whole copy of a file at a path, and on the disk, or nothing; raises StorageFull."""
    folder, name = os.path.split(path)
    handle, part = tempfile.mkstemp(prefix=f"{name}-", suffix=SUFFIX, dir=folder)
    try:
        with os.fdopen(handle, "wb") as copy, _storage_full():
            shutil.copyfileobj(file, copy)
            copy.flush()
            os.fsync(handle)
            os.rename(part, path)
    except BaseException:
        os.unlink(part)
        raise


def remove_leftovers() -> None:
    """Remove the files of processes that were killed in the middle of a publish."""
    for path in Path(settings.WORKING_DIRECTORY).glob(f"{PREFIX}*{SUFFIX}"):
        with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


@contextmanager
def _storage_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull from error
        raise
