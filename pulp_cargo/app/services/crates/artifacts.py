"""Moving files of crates to the storage, with their artifacts, and back after a failure."""

import hashlib
import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, Protocol
from uuid import UUID

from django.db import transaction

from pulpcore.plugin.models import Artifact, Domain

from pulp_cargo.app.models.core import FILE_SYSTEM, artifact_path
from pulp_cargo.app.models.repository import set_lock_timeout
from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.free_space import storage_full
from pulp_cargo.app.runtime.statements import Rows
from pulp_cargo.app.services.crates.incoming_file import IncomingFile, copy_whole
from pulp_cargo.app.services.crates.unit_rows import NewRows

log = logging.getLogger(__name__)

# The first key of the advisory locks on digests, which prevent one writer from removing a file as
# a leftover while another uses it.
LOCK_CLASS = 0x6361_7269

LOCK_DIGESTS = """
    SELECT pg_advisory_xact_lock(%s, hashtext(digest)) FROM unnest(%s::text[]) digest
"""
STORED = """
    SELECT sha256, pulp_id FROM core_artifact WHERE sha256 = ANY(%s) AND pulp_domain_id = %s
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """The artifacts of stored files, by their SHA-256, and the paths that still need an fsync."""

    artifacts: Mapping[str, UUID]
    unsettled: Sequence[str]

    @storage_full()
    def settle(self) -> None:
        """Write the files and their names to the disk with fsync, which must precede the commit.

        Raises StorageFull.
        """
        for path in self.unsettled:
            _sync(path)


def restore_lost(files: Sequence[IncomingFile], domain: Domain) -> None:
    """Restore files that were removed while they were committed.

    Pulp's orphan cleanup removes a row first and its file later; in between, a new file may have
    been stored under the same name.
    """
    if domain.storage_class != FILE_SYSTEM:
        return
    for file in files:
        path = _path_of(file.cksum, domain)
        if not _is_whole(path, file.size) and not file.file.closed:
            _put_back(file, path)


@contextmanager
def forgotten_after_errors(files: Collection[IncomingFile], domain: Domain) -> Iterator[None]:
    """Remove files from the storage again, as far as that is possible, if the context fails."""
    try:
        yield
    except Exception:
        # Any error: it is raised again. Removing the files may fail with any error of a storage.
        if files:
            with suppress(Exception):
                forget_files(files, domain)
        raise


def restore_damaged(files: Sequence[IncomingFile], domain: Domain) -> None:
    """Restore stored files that the file system has lost or damaged, from others with the same bytes.

    Raises StorageFull, and OperationalError if another writer has locked one for too long.
    """
    if domain.storage_class != FILE_SYSTEM:
        return
    with transaction.atomic(), storage_full():
        set_lock_timeout()
        known = stored(lock_digests(files), domain)
        for file in files:
            path = _path_of(file.cksum, domain)
            if file.cksum in known and not _is_sound(path, file):
                _put_back(file, path)


def forget_files(files: Iterable[IncomingFile], domain: Domain) -> None:
    """Remove the files of a failed change, unless an artifact uses them.

    Raises OperationalError if another writer has locked one for too long; it removes leftovers
    itself.
    """
    with transaction.atomic():
        set_lock_timeout()
        digests = lock_digests(files)
        in_use = set(stored(digests, domain))
        for digest in digests:
            name = artifact_path(digest)
            if digest not in in_use and domain.get_storage().exists(name):
                domain.get_storage().delete(name)


class Storable(Protocol):
    """A file with its digests, to be moved to the storage; `restore` brings it back to its path."""

    @property
    def path(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def cksum(self) -> str: ...

    @property
    def digests(self) -> dict[str, str]: ...

    @property
    def is_settled(self) -> bool: ...

    def restore(self) -> None: ...

    def rewind(self) -> BinaryIO: ...


def save_files(files: Sequence[Storable], domain: Domain) -> Mapping[str, UUID]:
    """Move the files to the storage, and return the artifacts' ids by SHA-256."""
    rows = NewRows()
    placed = place_files(files, stored(lock_digests(files), domain), domain, rows)
    rows.insert()
    placed.settle()
    return placed.artifacts


@storage_full()
def place_files(
    files: Sequence[Storable], known: Mapping[str, UUID], domain: Domain, rows: NewRows
) -> Placed:
    """Move files without a known artifact to the storage, and add their artifacts to new rows.

    Files that the storage has lost or damaged are restored, since an artifact's row is no proof of
    its file. Raises StorageFull.
    """
    if known:
        Artifact.objects.filter(pk__in=known.values()).touch()
    fresh = {file.cksum: file for file in files if file.cksum not in known}
    for digest, file in fresh.items():
        _remove_debris(digest, domain)
        file.restore()
    made = [
        Artifact(file=file.path, size=file.size, pulp_domain=domain, **file.digests)
        for file in fresh.values()
    ]
    local = _LocalFiles.of(files, fresh, domain) if domain.storage_class == FILE_SYSTEM else None
    try:
        rows.add(Artifact, made)
    finally:
        # Core opens each file to move it, and does not close it. Until the garbage collector does,
        # a file that was copied to another file system takes space on its old one.
        for one in made:
            one.file.close()
    unsettled = local.check([file for file in files if file.cksum in known]) if local else []
    return Placed({**known, **{one.sha256: one.pk for one in made}}, unsettled)


@dataclass(frozen=True, slots=True)
class _LocalFiles:
    """Files that are moved to a file system, and what was true before they were."""

    fresh: Mapping[str, Storable]
    paths: Mapping[str, str]
    new_folders: frozenset[str]
    identities: Mapping[str, object]

    @classmethod
    def of(
        cls, files: Sequence[Storable], fresh: Mapping[str, Storable], domain: Domain
    ) -> "_LocalFiles":
        paths = {file.cksum: _path_of(file.cksum, domain) for file in files}
        folders = frozenset(one for digest in fresh for one in _missing_folders(paths[digest]))
        identities = {digest: _identity(file.path) for digest, file in fresh.items()}
        return cls(fresh, paths, folders, identities)

    def check(self, known: Sequence[Storable]) -> list[str]:
        """Restore the known files that are damaged, and return what needs an fsync; raises OSError."""
        for file in known:
            if not _is_sound(self.paths[file.cksum], file):
                _put_back(file, self.paths[file.cksum])
        unsettled = []
        for digest, file in self.fresh.items():
            path = self.paths[digest]
            if not _is_whole(path, file.size):
                raise OSError(f"the storage did not accept all of the file {digest}")
            # A file that was copied from another file system is a new one, without an fsync.
            if not file.is_settled or _identity(path) != self.identities[digest]:
                unsettled.append(path)
        folders = {os.path.dirname(self.paths[digest]) for digest in self.fresh}
        return [*unsettled, *(folders | self.new_folders)]


def lock_digests(files: Iterable[Storable]) -> list[str]:
    """Lock out other writers of these files until the transaction ends; return the SHA-256s."""
    digests = [digest for _, digest in lock_keys(files)]
    statements.run(LOCK_DIGESTS, [LOCK_CLASS, digests])
    return digests


def lock_keys(files: Iterable[Storable]) -> list[tuple[int, str]]:
    """Return the keys of the locks of `lock_digests`, in the order of all writers."""
    return [(LOCK_CLASS, digest) for digest in sorted({file.cksum for file in files})]


def stored(digests: Sequence[str], domain: Domain) -> dict[str, UUID]:
    """Return the ids of the existing artifacts, by SHA-256."""
    return found(ask_for_stored(digests, domain))


def ask_for_stored(digests: Sequence[str], domain: Domain) -> Rows:
    """Query the ids of the existing artifacts; the result is not awaited."""
    return statements.ask(STORED, [list(digests), domain.pk])


def found(asked: Rows) -> dict[str, UUID]:
    """Return the ids that `ask_for_stored` asked for, by SHA-256."""
    return dict(asked.fetch())


def _remove_debris(digest: str, domain: Domain) -> None:
    """Remove a file without an artifact: a crash may have truncated it, and core would reuse it."""
    name = artifact_path(digest)
    storage = domain.get_storage()
    if storage.exists(name):
        storage.delete(name)


def _path_of(digest: str, domain: Domain) -> str:
    return str(domain.get_storage().path(artifact_path(digest)))


def _missing_folders(path: str) -> Iterator[str]:
    """Yield the folders that change when the missing folders of a path are created."""
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
        yield folder


def _is_whole(path: str, size: int) -> bool:
    try:
        return os.stat(path).st_size == size
    except FileNotFoundError:
        return False


def _is_sound(path: str, file: Storable) -> bool:
    """Whether a stored file has the bytes of another; files that were stored before are few."""
    if not _is_whole(path, file.size):
        return False
    with open(path, "rb") as there:
        return hashlib.file_digest(there, "sha256").hexdigest() == file.cksum


def _put_back(file: Storable, path: str) -> None:
    """Store a file in place of a lost or damaged one, with fsync of it and of its name."""
    log.warning(
        "The storage had lost or damaged the file of the artifact %s; it was restored.", file.cksum
    )
    folder, new = os.path.dirname(path), list(_missing_folders(path))
    os.makedirs(folder, exist_ok=True)
    copy_whole(file.rewind(), path)
    for one in (folder, *new):
        _sync(one)


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _identity(path: str) -> tuple[int, int]:
    """Return device and inode, which do not change when a file is renamed."""
    found = os.stat(path)
    return found.st_dev, found.st_ino
