"""Uploading a .crate file to an object storage before the commit that needs it.

In a file system the commit moves the file, which takes hardly any time. An upload may take seconds,
so it precedes the repository's lock, and the commit uses the existing artifact. A crash may leave
an artifact without content, which Pulp's orphan cleanup removes, or a file without an artifact,
which the next upload replaces.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

from django.core.files import File
from django.db import Error, transaction

from pulpcore.plugin.models import Artifact, Domain

from pulp_cargo.app.models.core import FILE_SYSTEM, with_domain
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.crates import artifacts
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.unavailable import ServiceUnavailable

log = logging.getLogger(__name__)

CHUNK_BYTES = 1024 * 1024


@asynccontextmanager
async def uploaded(file: IncomingFile, domain: Domain) -> AsyncIterator[None]:
    """Upload a file to an object storage, and remove it again if the context fails.

    After the context it is there: Pulp's orphan cleanup removes a row first and its file later, and
    the new file may have been stored in between.
    """
    if domain.storage_class == FILE_SYSTEM:
        yield
        return
    is_new = await threads.write_slowly(_upload, file, domain)
    try:
        yield
    except BaseException:
        # Also when the request is cancelled.
        if is_new:
            await threads.write_slowly(_take_back, file, domain)
        raise
    await threads.write_slowly(_restore_lost, file, domain)


@contextmanager
def uploaded_here(file: IncomingFile, domain: Domain) -> Iterator[None]:
    """Do the same as `uploaded` in this thread, without an event loop."""
    if domain.storage_class == FILE_SYSTEM:
        yield
        return
    is_new = _upload(file, domain)
    try:
        yield
    except BaseException:
        # Also when the process is told to stop.
        if is_new:
            _take_back(file, domain)
        raise
    _restore_lost(file, domain)


def upload_all(files: Iterable[IncomingFile], domain: Domain) -> None:
    """Upload files to an object storage, each in its own transaction.

    If they are not needed because of a failure, orphan cleanup removes them.
    """
    if domain.storage_class != FILE_SYSTEM:
        for file in files:
            _upload(file, domain)


@contextmanager
def answering() -> Iterator[None]:
    """Turn the errors of a storage's client into ServiceUnavailable; not those of the database."""
    try:
        yield
    except (RegistryError, Error):
        raise
    except Exception as error:
        # Any error: each storage has a client with errors of its own, without a common class.
        log.warning("The storage did not respond: %s: %s", type(error).__name__, error)
        raise ServiceUnavailable(
            "the registry's storage does not respond; nothing was changed, try again later"
        ) from error


def _upload(file: IncomingFile, domain: Domain) -> bool:
    with answering(), with_domain(domain), artifacts.forgotten_after_errors([file], domain):
        return _add(file, domain)


def _take_back(file: IncomingFile, domain: Domain) -> None:
    """Remove an unused artifact; if this fails, orphan cleanup does it."""
    try:
        with with_domain(domain):
            _remove(file, domain)
    except Exception as error:
        # Any error: the reason for which the publish was refused must reach its client.
        log.warning(
            "The file of a refused publish could not be removed; orphan cleanup will remove it: %s",
            error,
        )


def _restore_lost(file: IncomingFile, domain: Domain) -> None:
    """Store a committed file that was removed meanwhile; a failure does not affect the commit."""
    try:
        with with_domain(domain):
            storage, name = domain.get_storage(), Artifact(sha256=file.cksum).storage_path("")
            if not storage.exists(name):
                storage.save(name, File(file.rewind()))
    except Exception as error:
        # Each storage has errors of its own, with no common class.
        log.warning("The storage may not have the file of a new crate version: %s", error)


def _add(file: IncomingFile, domain: Domain) -> bool:
    """Store a file as an artifact without content; return whether there was none before.

    The lock on its digest prevents others from removing the file meanwhile.
    """
    with transaction.atomic():
        (digest,) = artifacts.lock_digests([file])
        is_new = not artifacts.stored([digest], domain)
        artifacts.save_files([file], domain)
        if not is_new:
            _restore_damaged(digest, file, domain)
        return is_new


def _remove(file: IncomingFile, domain: Domain) -> None:
    """Remove an artifact and its file, unless content uses it."""
    with transaction.atomic():
        found = Artifact.objects.filter(
            pk__in=artifacts.stored(artifacts.lock_digests([file]), domain).values()
        )
        # The row lock prevents new references from content.
        unused = [
            one.pk for one in found.select_for_update() if not one.content_memberships.exists()
        ]
        # `Artifact.delete` would remove the file after the lock is released.
        Artifact.objects.filter(pk__in=unused).delete()
    artifacts.forget_files([file], domain)


def _restore_damaged(digest: str, file: IncomingFile, domain: Domain) -> None:
    """Store the lost or damaged file of an artifact again; Pulp's repair deletes damaged ones."""
    name = Artifact(sha256=digest).storage_path("")
    storage = domain.get_storage()
    if storage.exists(name):
        with storage.open(name) as there:
            found = hashlib.sha256()
            while chunk := there.read(CHUNK_BYTES):
                found.update(chunk)
        if found.hexdigest() == digest:
            return
        storage.delete(name)
    storage.save(name, File(file.rewind()))
