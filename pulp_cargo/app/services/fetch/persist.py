"""Queueing fetched crates for storage in the repository of their upstream, if it has one."""

from dataclasses import dataclass
from uuid import UUID

from pulpcore.plugin.models import Domain

from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.services.fetch import restore_file
from pulp_cargo.app.services.fetch.persist_changes import FetchedCrate, LinkStoredUnit
from pulp_cargo.app.services.fetch.persist_queue import PersistQueue
from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch
from pulp_cargo.protocol.upstream_index import UpstreamVersion


@dataclass(frozen=True, slots=True)
class VersionToStore:
    """A version to store if its upstream has a repository for it."""

    queue: PersistQueue
    background: BackgroundTasks
    domain: Domain
    upstream: RemoteUpstream
    version: UpstreamVersion

    def persist(self, fetch: SharedFetch) -> None:
        """Queue a fetched file for storage."""
        remote, store = self.upstream.remote, self.upstream.store
        if store is not None:
            crate = FetchedCrate(
                fetch, self.version.line, self.version.yanked, remote.registry, remote.pk
            )
            self.queue.put_file(store, self.domain, crate)

    def restore(self, fetch: SharedFetch) -> None:
        """Restore a file that the storage has lost."""
        restore_file.restore(self.background, fetch, self.domain)

    def link(self, unit: UUID) -> None:
        """Queue adding a version to the repository whose file the domain has stored already."""
        if (store := self.upstream.store) is not None:
            change = LinkStoredUnit(unit, self.version.yanked)
            self.queue.put_change(store, self.domain, change)
