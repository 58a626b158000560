"""Which caches and syncs fill a repository, with the crate policies that they have."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoUpstream
from pulp_cargo.app.models.sync_sources import synced_from
from pulp_cargo.app.queries.crate_policies import named_policy
from pulp_cargo.rules.policies.crate_policy import NamedPolicy


@dataclass(frozen=True, slots=True)
class Filler:
    """What stores crates of a remote in a repository, with the policies for them.

    That is a cache, which may have a policy of its own, or a sync.
    """

    remote: UUID
    of_remote: NamedPolicy | None
    of_registry: NamedPolicy | None

    @property
    def policies(self) -> tuple[NamedPolicy, ...]:
        """The policies of the remote and of the registry."""
        return tuple(one for one in (self.of_remote, self.of_registry) if one is not None)


def fillers_of(repositories: Collection[UUID]) -> Mapping[UUID, tuple[Filler, ...]]:
    """Return what fills each of some repositories; five queries for any number."""
    if not repositories:
        return {}
    caches = CargoDistribution.objects.filter(
        repository__in=repositories, remote__isnull=False
    ).select_related("crate_policy")
    entries = CargoUpstream.objects.filter(
        repository__in=repositories, remote__isnull=False
    ).select_related("distribution__crate_policy")
    pairs = [(one.repository_id, one.remote_id, one.crate_policy) for one in caches]
    pairs += [(one.repository_id, one.remote_id, one.distribution.crate_policy) for one in entries]
    pairs += [(repository, remote, None) for repository, remote in synced_from(repositories)]
    if not pairs:
        return {}
    remotes = CargoRemote.objects.select_related("crate_policy").in_bulk({pk for _, pk, _ in pairs})
    found: defaultdict[UUID, list[Filler]] = defaultdict(list)
    for repository, remote, policy in pairs:
        # The remote of an old sync may be deleted.
        if remote in remotes:
            of_remote = named_policy(remotes[remote].crate_policy)
            found[repository].append(Filler(remote, of_remote, named_policy(policy)))
    return {repository: tuple(fillers) for repository, fillers in found.items()}
