"""What is to be kept of a file that a client asked for, by the policy of its remote."""

from dataclasses import dataclass
from uuid import UUID

from pulpcore.plugin.models import Domain, Remote

from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.services.downloads import persist_queue, restore_file
from pulp_cargo.app.services.downloads.persist_changes import DownloadedCrate, LinkStoredUnit
from pulp_cargo.app.services.downloads.shared_download import SharedDownload
from pulp_cargo.protocol.upstream_index import UpstreamVersion


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps one version of a crate, if its upstream has a repository for that."""

    domain: Domain
    source: Upstream
    version: UpstreamVersion

    def keep(self, pull: SharedDownload) -> None:
        """Keep a file that has just come."""
        remote, repository = self.source.remote, self.source.repository
        if repository is None or remote is None or remote.policy == Remote.STREAMED:
            return
        came = DownloadedCrate(
            pull, self.version.line, self.version.yanked, remote.registry, remote.pk
        )
        persist_queue.keep_file(repository, self.domain, came)

    def mend(self, pull: SharedDownload) -> None:
        """Put a file back that the storage had lost."""
        restore_file.mend(pull, self.domain)

    def adopt(self, unit: UUID) -> None:
        """Keep a version that another registry of this domain has stored."""
        remote, repository = self.source.remote, self.source.repository
        if repository is not None and remote is not None and remote.policy != Remote.STREAMED:
            persist_queue.keep_change(
                repository, self.domain, LinkStoredUnit(unit, self.version.yanked)
            )
