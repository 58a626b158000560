"""Storing the .crate files of the versions that are synced, some at a time.

The table `cargo_listed` (services/sync/listing_table) must exist. A file whose bytes are not those of
its index line is never stored.
"""

from collections.abc import Callable, Mapping
from os import getcwd
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models.expressions import RawSQL

from pulpcore.plugin.models import ProgressReport, RemoteArtifact

from pulp_cargo.app.models import CargoRemote, CargoRepository
from pulp_cargo.app.runtime.batches import batches
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.services.crates import artifacts
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.sync import upstream
from pulp_cargo.app.services.sync.report import SyncReport
from pulp_cargo.app.services.sync.upstream import ConnectedUpstream, RefusedFile
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.app.upstream.index_sources import LocalRegistry

# Files that are fetched before they are stored.
FILES_AT_ONCE = 50
# Stored files of which one shows whether the upstream is available, for each host that they have.
SENT_BEFORE = 20
CHUNK_BYTES = 1024 * 1024

WITHOUT_FILE = """
    SELECT ca.pulp_id FROM cargo_listed l
    JOIN core_contentartifact ca ON ca.content_id = l.content_id
    WHERE ca.artifact_id IS NULL AND NOT l.is_replaced
"""
WITH_FILE = """
    SELECT ca.pulp_id FROM cargo_listed l
    JOIN core_contentartifact ca ON ca.content_id = l.content_id
    WHERE ca.artifact_id IS NOT NULL
"""
LISTED_WITHOUT_FILE = """
    SELECT ca.pulp_id, l.name, l.vers, l.cksum FROM cargo_listed l
    JOIN core_contentartifact ca ON ca.content_id = l.content_id
    WHERE ca.artifact_id IS NULL AND NOT l.is_replaced ORDER BY l.at
"""
FILL_IN = "UPDATE core_contentartifact SET artifact_id = %s WHERE pulp_id = %s"
LEAVE_OUT = """
    DELETE FROM cargo_listed l USING core_contentartifact ca
    WHERE ca.content_id = l.content_id AND ca.pulp_id = %s RETURNING l.name, l.vers
"""

Refuse = Callable[[UUID, str], None]
# By the content artifact that they are for.
Files = Mapping[UUID, IncomingFile | RefusedFile]


def fetch_files(
    disk: FreeSpace,
    repository: CargoRepository,
    remote: CargoRemote,
    connected: ConnectedUpstream,
    *,
    refuse: Refuse,
    with_token: bool = False,
) -> None:
    """Download the missing files of the listed units; raises CannotCopy and StorageFull."""
    of_remote = RemoteArtifact.objects.filter(remote=remote)
    sources = of_remote.filter(content_artifact__in=RawSQL(WITHOUT_FILE, []))
    missing = list(sources.values_list("pk", flat=True))
    if missing:
        stored = of_remote.filter(content_artifact__in=RawSQL(WITH_FILE, []))
        upstream.note_sent(connected, stored[:SENT_BEFORE])
    with _progress("Downloading .crate files", len(missing)) as progress:
        for batch in batches(missing, FILES_AT_ONCE):
            disk.require_room()
            wanted = list(RemoteArtifact.objects.filter(pk__in=batch))
            fetched = upstream.fetch_files(connected, wanted, with_token=with_token)
            places = [one.content_artifact_id for one in wanted]
            _store(repository, dict(zip(places, fetched, strict=True)), refuse)
            progress.increase_by(len(batch))


def copy_files(
    disk: FreeSpace, repository: CargoRepository, source: LocalRegistry, *, refuse: Refuse
) -> None:
    """Copy the missing files of the listed units from a local registry; raises StorageFull."""
    missing = all_rows(LISTED_WITHOUT_FILE)
    with _progress("Copying .crate files", len(missing)) as progress:
        for batch in batches(missing, FILES_AT_ONCE):
            disk.require_room()
            copied = {place: _copied(source, *which) for place, *which in batch}
            _store(repository, copied, refuse)
            progress.increase_by(len(batch))


def refuse_by_failing(place: UUID, reason: str) -> None:
    """Fail the sync, since the listing of another Pulp is right as a whole or not at all."""
    raise CannotCopy(reason)


def refuse_by_leaving_out(report: SyncReport) -> Refuse:
    """Return what leaves a version out of the sync, and reports it."""

    def refuse(place: UUID, reason: str) -> None:
        for name, vers in all_rows(LEAVE_OUT, [place]):
            report.refuse(name, vers, reason)
            report.is_complete = False

    return refuse


def _store(repository: CargoRepository, files: Files, refuse: Refuse) -> None:
    taken = {place: one for place, one in files.items() if isinstance(one, IncomingFile)}
    with transaction.atomic(), connection.cursor() as cursor:
        stored = artifacts.save_files(list(taken.values()), repository.pulp_domain)
        cursor.executemany(FILL_IN, [(stored[one.cksum], place) for place, one in taken.items()])
    for place, one in files.items():
        if isinstance(one, RefusedFile):
            refuse(place, one.reason)


def _copied(source: LocalRegistry, name: str, vers: str, cksum: str) -> IncomingFile | RefusedFile:
    try:
        with source.open_file(name, vers) as file:
            return _checked(file, cksum)
    except OSError as error:
        return RefusedFile(f"its file cannot be read: {error.strerror}")


def _checked(file: BinaryIO, cksum: str) -> IncomingFile | RefusedFile:
    """Return a copy of a file if it has the checksum; what is hashed is the copy."""
    copy, most = IncomingFile(getcwd()), settings.CARGO_MAX_CRATE_BYTES
    for chunk in iter(lambda: file.read(CHUNK_BYTES), b""):
        copy.write(chunk)
        if copy.size > most:
            copy.discard()
            return RefusedFile(f"its file has more than {most} bytes")
    if copy.cksum != cksum:
        copy.discard()
        return RefusedFile(f"the SHA-256 of its file is {copy.cksum} instead of {cksum}")
    copy.file.close()
    copy.settle()
    return copy


def _progress(message: str, total: int) -> ProgressReport:
    return ProgressReport(message=message, code="sync.downloading.artifacts", total=total)
