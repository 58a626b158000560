"""What is to be kept of a file that a client asked for, by the policy of its remote."""

from dataclasses import dataclass
from uuid import UUID

from pulpcore.plugin.models import Domain

from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream
from pulp_cargo.app.services.downloads import persist_queue, restore_file
from pulp_cargo.app.services.downloads.persist_changes import DownloadedCrate, LinkStoredUnit
from pulp_cargo.app.services.downloads.shared_download import SharedDownload
from pulp_cargo.protocol.upstream_index import UpstreamVersion


@dataclass(frozen=True, slots=True)
class VersionToStore:
    """Stores one version of a crate, if its upstream has a repository for that."""

    domain: Domain
    upstream: RemoteUpstream
    version: UpstreamVersion

    def persist(self, download: SharedDownload) -> None:
        """Store a file that has just come."""
        remote, store = self.upstream.remote, self.upstream.store
        if store is not None:
            came = DownloadedCrate(
                download, self.version.line, self.version.yanked, remote.registry, remote.pk
            )
            persist_queue.put_file(store, self.domain, came)

    def restore(self, download: SharedDownload) -> None:
        """Put a file back that the storage had lost."""
        restore_file.restore(download, self.domain)

    def link(self, unit: UUID) -> None:
        """Add a version to the repository that another registry of this domain has stored."""
        if (store := self.upstream.store) is not None:
            change = LinkStoredUnit(unit, self.version.yanked)
            persist_queue.put_change(store, self.domain, change)
