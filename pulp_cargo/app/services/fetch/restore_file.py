"""Restoring a file that the storage has lost or corrupted, with one that is fetched from its upstream."""

import logging

from django.core.files import File
from django.db import transaction

from pulpcore.plugin.models import Artifact, Domain

from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.services.crates import artifacts
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.object_storage import answering
from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch

log = logging.getLogger(__name__)


def restore(background: BackgroundTasks, fetch: SharedFetch, domain: Domain) -> None:
    """Replace the artifact's file with that of a complete fetch, in the background."""
    fetch.acquire()
    background.spawn(
        _restore(fetch, domain),
        failure=f"The file of `{fetch.name} {fetch.vers}` could not be restored",
    )


async def _restore(fetch: SharedFetch, domain: Domain) -> None:
    try:
        await threads.upload(_put_back, fetch.whole, domain)
        log.warning(
            "The storage had lost the file of `%s %s`; it was restored.",
            fetch.name,
            fetch.vers,
        )
    finally:
        fetch.release()


def _put_back(file: IncomingFile, domain: Domain) -> None:
    storage = domain.get_storage()
    with answering(), with_domain(domain), transaction.atomic():
        (digest,) = artifacts.lock_digests([file])
        name = Artifact(sha256=digest).storage_path("")
        if storage.exists(name):
            storage.delete(name)
        storage.save(name, File(file.rewind()))
