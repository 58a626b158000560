"""Restoring a file that the storage has lost or corrupted, from a download of its upstream."""

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
from pulp_cargo.app.services.downloads.shared_download import SharedDownload

log = logging.getLogger(__name__)


def restore(background: BackgroundTasks, download: SharedDownload, domain: Domain) -> None:
    """Replace the artifact's file with that of a complete download, in the background."""
    download.acquire()
    background.spawn(
        _restore(download, domain),
        failure=f"The file of `{download.name} {download.vers}` could not be restored",
    )


async def _restore(download: SharedDownload, domain: Domain) -> None:
    try:
        await threads.upload(_put_back, download.whole, domain)
        log.warning(
            "The storage had lost the file of `%s %s`; it was restored.",
            download.name,
            download.vers,
        )
    finally:
        download.release()


def _put_back(file: IncomingFile, domain: Domain) -> None:
    storage = domain.get_storage()
    with answering(), with_domain(domain), transaction.atomic():
        (digest,) = artifacts.lock_digests([file])
        name = Artifact(sha256=digest).storage_path("")
        if storage.exists(name):
            storage.delete(name)
        storage.save(name, File(file.rewind()))
