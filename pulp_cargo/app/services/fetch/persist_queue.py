"""Storing fetched crates in repositories, in batches.

A `cargo fetch` needs hundreds of crates within seconds, and must not make a repository version
for each. So they wait in memory for a batch; what a crash loses is fetched again. A file that the
storage has lost or corrupted is restored from the fetched one.
"""

import logging
import resource
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.core.files import File
from django.db import transaction

from pulpcore.plugin.models import Artifact, Domain

from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.runtime.write_behind import Limits, WriteBehind
from pulp_cargo.app.services.crates import artifacts
from pulp_cargo.app.services.crates.crate_reader import CrateReaders
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.object_storage import answering
from pulp_cargo.app.services.fetch.persist_changes import (
    FetchedCrate,
    LinkStoredUnit,
    SetYanked,
    change_of,
    changes_of_links,
    persist,
)
from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch
from pulp_cargo.app.services.publish.commit import Change
from pulp_cargo.app.services.publish.commit_queue import clean_up_after
from pulp_cargo.app.upstream.events import Event, note
from pulp_cargo.protocol.upstream_index import UpstreamVersion

log = logging.getLogger(__name__)

# A repository and its domain.
Store = tuple[UUID, Domain]
Item = FetchedCrate | LinkStoredUnit | Change

# Maximum number of open files that wait to be stored, within three eighths of the files that the
# process may open; a batch is a third of it.
MOST_FILES = 1536
# `max_waiting` allows for changes without a file, which are small.
LIMITS = Limits(
    batch_size=MOST_FILES // 3,
    max_waiting=10_000,
    quiet_seconds=timeouts.PERSIST_QUIET_SECONDS,
    max_age_seconds=timeouts.PERSIST_MAX_AGE_SECONDS,
)


class PersistQueue:
    """The fetched crates and changes that wait in a process to be stored."""

    def __init__(self, background: BackgroundTasks, disk: FreeSpace, readers: CrateReaders) -> None:
        self._background, self._disk, self._readers = background, disk, readers
        self._queue: WriteBehind[Store, Hashable, Item] = WriteBehind(
            self._join, background=background, on_failure=self._note_failure, limits=LIMITS
        )
        self._files = 0

    def put_file(self, repository: UUID, domain: Domain, crate: FetchedCrate) -> None:
        """Queue a fetched file; without room for it, it is fetched again another time."""
        most = _most_files()
        has_room = self._files < most and self._disk.has_room() and not crate.fetch.is_in_memory
        # The limit of open files may have changed since the queue was created.
        self._queue.limits = replace(LIMITS, batch_size=max(1, most // 3))
        if has_room and self._put((repository, domain), crate):
            crate.fetch.acquire()
            self._files += 1
        else:
            note(Event.NOT_STORED)

    def put_change(self, repository: UUID, domain: Domain, change: LinkStoredUnit | Change) -> None:
        """Queue a change, to be made with the next batch, unless the queue is full."""
        if not self._put((repository, domain), change):
            note(Event.NOT_STORED)

    def restore(self, fetch: SharedFetch, domain: Domain) -> None:
        """Replace a file that the storage has lost or corrupted, in the background."""
        fetch.acquire()
        self._background.spawn(
            _restore(fetch, domain),
            failure=f"The file of `{fetch.name} {fetch.vers}` could not be restored",
        )

    def hurry(self) -> None:
        """Store what waits at once, since a cache may have been changed to have no upstream."""
        self._queue.hurry()

    async def join_all(self) -> None:
        """Store what waits at once, and return when it is stored."""
        await self._queue.flush()

    async def close(self) -> None:
        """Store what waits before the process ends; what takes too long is fetched again."""
        await self._queue.drain(timeouts.PERSIST_DRAIN_SECONDS)

    def _put(self, store: Store, item: Item) -> bool:
        return self._queue.put(store, _key(item), item)

    async def _join(self, store: Store, items: Sequence[Item]) -> None:
        repository, domain = store
        fetched = _files_of(items)
        changes = [one for one in items if not isinstance(one, FetchedCrate)]
        try:
            await self._store(repository, domain, fetched, changes)
        finally:
            self._release(fetched)

    async def _store(
        self,
        repository: UUID,
        domain: Domain,
        fetched: Sequence[FetchedCrate],
        changes: Sequence[LinkStoredUnit | Change],
    ) -> None:
        changes_of_files = [
            await threads.examine_later(change_of, self._readers, domain, one) for one in fetched
        ]
        wanted: list[Change] = [one for one in changes_of_files if one is not None]
        wanted += [one for one in changes if not isinstance(one, LinkStoredUnit)]
        wanted += await threads.read(
            changes_of_links, [one for one in changes if isinstance(one, LinkStoredUnit)]
        )
        if not wanted:
            return
        result = await persist(repository, domain, wanted)
        for refusal in filter(None, result.refusals):
            # For example, its name differs from another only in `-` and `_`: fetched each time.
            note(Event.NOT_STORED)
            log.warning("A crate of an upstream is sent to the client but not stored: %s", refusal)
        clean_up_after(self._background, repository, result)

    def _note_failure(self, store: Store, items: Sequence[Item], error: Exception) -> None:
        fetched = _files_of(items)
        note(Event.NOT_STORED)
        log.warning("%s crates of an upstream could not be stored: %s", len(fetched), error)

    def _release(self, fetched: Sequence[FetchedCrate]) -> None:
        self._files -= len(fetched)
        for one in fetched:
            try:
                one.fetch.release()
            except OSError as error:
                log.warning("The temporary file of a download was not removed: %s", error)


@dataclass(frozen=True, slots=True)
class VersionToStore:
    """A version to store if its upstream has a repository for it."""

    queue: PersistQueue
    domain: Domain
    upstream: RemoteUpstream
    version: UpstreamVersion

    def persist(self, fetch: SharedFetch) -> None:
        """Queue a fetched file for storage."""
        if (store := self.upstream.store) is not None:
            crate = FetchedCrate(fetch, self.version, self.upstream.remote)
            self.queue.put_file(store, self.domain, crate)

    def restore(self, fetch: SharedFetch) -> None:
        """Restore a file that the storage has lost."""
        self.queue.restore(fetch, self.domain)

    def link(self, unit: UUID) -> None:
        """Queue adding a version to the repository whose file the domain has stored already."""
        if (store := self.upstream.store) is not None:
            change = LinkStoredUnit(unit, self.version.yanked)
            self.queue.put_change(store, self.domain, change)


async def _restore(fetch: SharedFetch, domain: Domain) -> None:
    try:
        await threads.write_slowly(_put_back, fetch.whole, domain)
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


def _key(item: Item) -> Hashable:
    # Equal changes from several requests are one change.
    return item if isinstance(item, (LinkStoredUnit, SetYanked)) else id(item)


def _files_of(items: Sequence[Item]) -> list[FetchedCrate]:
    return [one for one in items if isinstance(one, FetchedCrate)]


def _most_files() -> int:
    may_open = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if may_open == resource.RLIM_INFINITY:
        return MOST_FILES
    return min(MOST_FILES, may_open * 3 // 8)
