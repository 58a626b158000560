"""The changes that store fetched crates, and upstreams' yanks, in a repository."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pulpcore.plugin.models import Domain

from pulp_cargo.app.models import CrateContent
from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.services.crates.cached_unit import unit_of_upstream
from pulp_cargo.app.services.crates.crate_reader import CrateReaders
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.object_storage import upload_all
from pulp_cargo.app.services.crates.save_crates import Crates
from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch
from pulp_cargo.app.services.publish.commit import (
    Change,
    Result,
    commit_together,
)
from pulp_cargo.app.services.publish.draft import Draft
from pulp_cargo.app.upstream.events import Event, note
from pulp_cargo.protocol.unavailable import RepositoryBusy
from pulp_cargo.protocol.upstream_index import UpstreamVersion

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AddCachedCrate:
    """Adds a crate version; `file` is None if the file is stored already."""

    unit: CrateContent
    file: IncomingFile | None
    yanked: bool

    @property
    def keys(self) -> tuple[str, str]:
        """The crate, in canonical form, and the version."""
        return self.unit.canonical_name, self.unit.vers

    @property
    def crates(self) -> Crates:
        """The crate, if its file is not stored yet."""
        return () if self.file is None else [(self.unit, self.file)]

    @property
    def actor(self) -> None:
        """None, since cached crates have no owners."""
        return None

    def apply(self, draft: Draft) -> None:
        """Add the version, unless another process has just done so."""
        if draft.has_version(*self.keys):
            return
        if self.file is None:
            draft.adopt(self.unit)
        else:
            draft.add_crate(self.unit, self.file)
        draft.set_yanked(*self.keys, yanked=self.yanked)


@dataclass(frozen=True, slots=True)
class SetYanked:
    """Sets whether a stored version is yanked, as in the upstream's index."""

    keys: tuple[str, str]
    yanked: bool

    @property
    def crates(self) -> Crates:
        """A yank stores no crate."""
        return ()

    @property
    def actor(self) -> None:
        """None, since cached crates have no owners."""
        return None

    def apply(self, draft: Draft) -> None:
        """Mark the version if the repository has it."""
        if draft.has_version(*self.keys):
            draft.set_yanked(*self.keys, yanked=self.yanked)


@dataclass(frozen=True, slots=True)
class FetchedCrate:
    """A fetched file, leased until it is stored, with its line in the upstream's index."""

    fetch: SharedFetch
    version: UpstreamVersion
    remote: UpstreamRemote


@dataclass(frozen=True, slots=True)
class LinkStoredUnit:
    """A version that is stored already, by the id of its unit."""

    unit: UUID
    yanked: bool


def changes_of_links(wanted: Sequence[LinkStoredUnit]) -> list[AddCachedCrate]:
    """Return the changes that add units which are stored already."""
    yanked = {one.unit: one.yanked for one in wanted}
    units = CrateContent.objects.filter(pk__in=yanked) if yanked else ()
    return [AddCachedCrate(unit, None, yanked[unit.pk]) for unit in units]


def change_of(readers: CrateReaders, domain: Domain, crate: FetchedCrate) -> AddCachedCrate | None:
    """Return the change that stores a fetched file, None if the file cannot be stored."""
    try:
        file = crate.fetch.whole
        file.settle()
        with with_domain(domain):
            unit = unit_of_upstream(
                readers, crate.version.line, file, crate.remote.registry, crate.remote.pk
            )
    except Exception as error:
        # Any error: one file that cannot be read must not fail the batch that it is in.
        note(Event.NOT_STORED)
        log.warning("`%s %s` is not stored: %s", crate.fetch.name, crate.fetch.vers, error)
        return None
    return AddCachedCrate(unit, file, crate.version.yanked)


async def persist(repository: UUID, domain: Domain, changes: Sequence[Change]) -> Result:
    """Store the files of changes, and apply the changes in one version of the repository.

    Raises RepositoryBusy when a task locks the repository for too long.
    """
    files = [
        one.file for one in changes if isinstance(one, AddCachedCrate) and one.file is not None
    ]
    await threads.write_slowly(upload_all, files, domain)
    until = time.monotonic() + timeouts.PERSIST_BUSY_TIMEOUT_SECONDS
    while True:
        try:
            return await threads.write(commit_together, repository, domain, changes)
        except RepositoryBusy:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(timeouts.PERSIST_BUSY_PAUSE_SECONDS)
