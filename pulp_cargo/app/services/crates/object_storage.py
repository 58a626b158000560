"""Sending a .crate file to an object storage before the commit that needs it.

In a file system the commit itself moves the file, which takes no time. An upload may take seconds,
which nobody else should have to wait for: so it happens before the repository's lock is taken, and
the commit finds an artifact that is there. What a crash leaves behind is an artifact without
content, as Pulp's orphan cleanup removes it, or bytes without an artifact, which the next upload
replaces.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

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


@asynccontextmanager
async def uploaded(file: IncomingFile, domain: Domain) -> AsyncIterator[None]:
    """Have a file in an object storage; when what needs it fails, it is taken out again."""
    if domain.storage_class == FILE_SYSTEM:
        yield
        return
    is_new = await threads.upload(_upload, file, domain)
    try:
        yield
    except BaseException:
        if is_new:
            await threads.upload(_take_back, file, domain)
        raise


@contextmanager
def uploaded_here(file: IncomingFile, domain: Domain) -> Iterator[None]:
    """Do what `uploaded` does in this thread, where there is no event loop."""
    is_new = domain.storage_class != FILE_SYSTEM and _upload(file, domain)
    try:
        yield
    except BaseException:
        if is_new:
            _take_back(file, domain)
        raise


def upload_all(files: Iterable[IncomingFile], domain: Domain) -> None:
    """Have files in an object storage, each of them at once and for itself.

    When what needs them fails, they are left to orphan cleanup.
    """
    if domain.storage_class != FILE_SYSTEM:
        for file in files:
            _upload(file, domain)


@contextmanager
def answering() -> Iterator[None]:
    """Turn whatever a storage's client raises into ServiceUnavailable; each has errors of its own."""
    try:
        yield
    except (RegistryError, Error):
        raise
    except Exception as error:
        log.warning("The storage did not answer: %s: %s", type(error).__name__, error)
        raise ServiceUnavailable(
            "the registry's storage does not answer; nothing was changed, try again later"
        ) from error


def _upload(file: IncomingFile, domain: Domain) -> bool:
    with answering(), with_domain(domain):
        try:
            return _add(file, domain)
        except Exception:
            # Anything: it is raised again. Each storage has errors of its own, with no common class.
            with suppress(Exception):
                artifacts.forget_files([file], domain)
            raise


def _take_back(file: IncomingFile, domain: Domain) -> None:
    """Remove an artifact that nothing needs; orphan cleanup does it if this fails."""
    try:
        with with_domain(domain):
            _remove(file, domain)
    except Exception as error:
        # Anything: the reason for which the publish was refused must reach its client.
        log.warning("The file of a refused publish stays for orphan cleanup: %s", error)


def _add(file: IncomingFile, domain: Domain) -> bool:
    """Store a file as an artifact without content, and tell whether there was none before.

    Nobody else works on a file with this digest meanwhile, so nobody undoes this.
    """
    with transaction.atomic():
        (digest,) = artifacts.lock_digests([file])
        is_new = not artifacts.stored([digest], domain)
        artifacts.save_files([file], domain)
        if not is_new:
            _put_back(digest, file, domain)
        return is_new


def _remove(file: IncomingFile, domain: Domain) -> None:
    """Remove an artifact and its file, unless content has taken it over."""
    with transaction.atomic():
        found = Artifact.objects.filter(
            pk__in=artifacts.stored(artifacts.lock_digests([file]), domain).values()
        )
        # The lock on the row lets no content refer to it any more.
        unused = [
            one.pk for one in found.select_for_update() if not one.content_memberships.exists()
        ]
        # Without `Artifact.delete`, which removes the file when nothing is locked any more.
        Artifact.objects.filter(pk__in=unused).delete()
    artifacts.forget_files([file], domain)


def _put_back(digest: str, file: IncomingFile, domain: Domain) -> None:
    """Store the file of an artifact that has lost it: Pulp's repair deletes what is damaged."""
    name = Artifact(sha256=digest).storage_path("")
    storage = domain.get_storage()
    if not storage.exists(name):
        storage.save(name, File(file.rewind()))
