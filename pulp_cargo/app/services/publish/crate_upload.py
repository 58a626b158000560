"""Uploads of a .crate file through the REST API, stored within the request instead of a task.

As for a publish, the file is read in another process, and the repository is changed with `commit`.
"""

import logging
from collections.abc import Iterable

from django.utils import timezone

from pulpcore.plugin.models import Domain
from pulpcore.plugin.util import get_domain

from pulp_cargo.app.models import CargoRepository, CrateContent
from pulp_cargo.app.notices import barrier
from pulp_cargo.app.queries.repository.versions_in import versions_of
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services.crates import crate_unit, save_crates
from pulp_cargo.app.services.crates.crate_reader import CrateReaders
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.object_storage import uploaded_here
from pulp_cargo.app.services.publish import commit
from pulp_cargo.app.services.publish.commit import Committed
from pulp_cargo.app.services.publish.commit_queue import is_clean_up_due
from pulp_cargo.app.services.publish.draft import Draft, NewCrate
from pulp_cargo.protocol.errors import VersionExists

log = logging.getLogger(__name__)


class Upload(NewCrate):
    """A valid crate version that was uploaded without cargo's JSON."""

    def apply(self, draft: Draft) -> None:
        """Add the crate; raises NameTaken, VersionExists or VersionUsed."""
        draft.publish(self.unit, self.file)


def upload_crate(
    readers: CrateReaders,
    disk: FreeSpace,
    chunks: Iterable[bytes],
    repository: CargoRepository | None,
) -> CrateContent:
    """Store a .crate file, add it to the repository if one is given, and return its unit.

    A version that exists with the same bytes is no error. If it raises RegistryError, nothing is
    stored.
    """
    disk.require_room()
    file, domain = IncomingFile(), get_domain()
    try:
        for chunk in chunks:
            file.write(chunk)
        file.settle()
        unit = _read(readers, file, repository)
        if repository is not None:
            return _add(unit, file, repository, domain)
        with uploaded_here(file, domain):
            save_crates.save_apart([(unit, file)], domain)
        return _stored(unit, domain)
    finally:
        file.discard()


def _read(
    readers: CrateReaders, file: IncomingFile, repository: CargoRepository | None
) -> CrateContent:
    manifest, crate_file = readers.read_published(
        file.path, name=None, vers=None, limits=crate_unit.limits()
    )
    return crate_unit.unit_of_foreign(
        manifest,
        crate_file,
        cksum=file.cksum,
        pubtime=timezone.now(),
        strict=crate_unit.strict_urls(repository),
    )


def _add(
    unit: CrateContent, file: IncomingFile, repository: CargoRepository, domain: Domain
) -> CrateContent:
    """Commit a crate, and return its unit once all content processes have acknowledged it."""
    try:
        with uploaded_here(file, domain):
            result = commit.commit(repository.pk, domain, [Upload(unit, file)])
            for refusal in filter(None, result.refusals):
                raise refusal
    except VersionExists:
        there = _present(unit, repository)
        if there is None:
            raise
        return there
    if result.made is not None:
        barrier.ask_after_commit()
        _clean_up_after(result.made)
    return _stored(unit, domain)


def _present(unit: CrateContent, repository: CargoRepository) -> CrateContent | None:
    """Return the repository's unit of the same version and bytes, None if the bytes differ."""
    for found in versions_of(repository, {unit.canonical_name}):
        if (found.vers, found.cksum) == (unit.vers, unit.cksum):
            return CrateContent.objects.get(pk=found.pk)
    return None


def _stored(unit: CrateContent, domain: Domain) -> CrateContent:
    """Return the stored unit, which may be older than this upload."""
    return CrateContent.objects.get(
        name=unit.name,
        vers=unit.vers,
        cksum=unit.cksum,
        metadata_source=unit.metadata_source,
        time_source=unit.time_source,
        _pulp_domain=domain,
    )


def _clean_up_after(made: Committed) -> None:
    """Delete old versions if that is due; a failure does not affect the commit."""
    if not is_clean_up_due(made):
        return
    try:
        commit.clean_up(made.repository)
    except Exception as error:
        # Any error: the upload is committed, and an error response would claim that it is not.
        log.warning(
            "Old versions of a repository could not be removed and will be removed later: %s", error
        )
