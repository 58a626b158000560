"""What is to be kept of a file that a client asked for, by the policy of its remote."""

from dataclasses import dataclass
from uuid import UUID

from pulpcore.plugin.models import Domain, Remote

from pulp_cargo.app.queries.sources import Source
from pulp_cargo.app.services import kept, mending
from pulp_cargo.app.services.keep import Adopt, Came
from pulp_cargo.app.services.pull import Pull
from pulp_cargo.protocol.upstream_index import UpstreamVersion


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps one version of a crate, if its upstream has a repository for that."""

    domain: Domain
    source: Source
    version: UpstreamVersion

    def keep(self, pull: Pull) -> None:
        """Keep a file that has just come."""
        remote, repository = self.source.remote, self.source.repository
        if repository is None or remote is None or remote.policy == Remote.STREAMED:
            return
        came = Came(pull, self.version.line, self.version.yanked, remote.registry, remote.pk)
        kept.keep_file(repository, self.domain, came)

    def mend(self, pull: Pull) -> None:
        """Put a file back that the storage had lost."""
        mending.mend(pull, self.domain)

    def adopt(self, unit: UUID) -> None:
        """Keep a version that another registry of this domain has stored."""
        remote, repository = self.source.remote, self.source.repository
        if repository is not None and remote is not None and remote.policy != Remote.STREAMED:
            kept.keep_change(repository, self.domain, Adopt(unit, self.version.yanked))
