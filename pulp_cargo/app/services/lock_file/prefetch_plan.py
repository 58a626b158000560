"""Planning which files of a lock file to fetch, so that it can be built without an upstream.

Only files that the policies allow are fetched, and only those whose checksum in the upstream's
index is that of the lock file. Each repository gets them in one version, or a few for a huge lock
file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream
from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.services.cache.refresher import Refresher
from pulp_cargo.app.services.lock_file.absent import Absent, Problem
from pulp_cargo.app.services.lock_file.lookup import Lookup
from pulp_cargo.app.services.lock_file.packages import divide, names_to_ask_for
from pulp_cargo.app.services.lock_file.refresh import FilesOfLockFile
from pulp_cargo.app.services.lock_file.upstreams import FromRemote
from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.protocol.lock_file import LockedPackage, LockFile
from pulp_cargo.rules.lock_check import Here, Outcome, Wanted, check_package

# An advisory refuses no crate; only the check reports it.
ALLOWED = (Outcome.SERVED, Outcome.YANKED, Outcome.ADVISORY)


class NothingToFetchFrom(BadRequest):
    """A registry has no upstream whose files it stores."""

    def __init__(self, registry: str) -> None:
        super().__init__(
            f"the registry `{registry}` does not store files: it has no remote with a repository,"
            " or the policy of its remote is `streamed`"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be fetched for a lock file; `there` is how many packages are stored already."""

    absent: Sequence[Absent]
    there: int
    problems: Sequence[Problem]


def stores(registry: Registry) -> set[UUID]:
    """Return the stores of the registry's remotes; raises NothingToFetchFrom for none."""
    remotes = [one for one in registry.upstreams.listed if isinstance(one, RemoteUpstream)]
    found = {one.store for one in remotes if one.store is not None}
    if not found:
        raise NothingToFetchFrom(registry.name)
    return found


def plan(
    refresher: Refresher, registry: Registry, lock: LockFile, *, crates_io: bool | None
) -> Plan:
    """Return what a registry lacks of a lock file, after refreshing the index files."""
    packages, _ = divide(registry.urls, lock, crates_io=crates_io)
    lookup = Lookup(refresher.cache.advisories, registry, packages)
    files = FilesOfLockFile(lookup, names_to_ask_for(registry, packages))
    refresher.refresh(files, timeout=timeouts.PREFETCH_INDEX_TIMEOUT_SECONDS)
    absent: list[Absent] = []
    problems: list[Problem] = []
    for package, found, _ in lookup.find(packages):
        checked = check_package(package, found, Wanted())
        found_in = lookup.upstreams.get(found.upstream or "")
        if checked.outcome not in ALLOWED:
            problems.append(Problem(package.name, package.vers, checked.sentence))
        elif isinstance(found_in, FromRemote) and (store := found_in.upstream.store):
            absent.extend(_absent(package, found_in, store))
        elif checked.here is not Here.STORED:
            sentence = f"`{found.upstream}` does not store files"
            problems.append(Problem(package.name, package.vers, sentence))
    return Plan(absent, len(packages) - len(absent) - len(problems), problems)


def _absent(package: LockedPackage, found_in: FromRemote, store: UUID) -> Iterator[Absent]:
    entry, upstream = found_in.entry(package), found_in.upstream
    if entry is None or found_in.has_in_store(package, entry.cksum):
        return
    stored, policies = found_in.stored(package, entry.cksum), found_in.policies.of(upstream)
    unit = stored.pk if stored else None
    yield Absent(package.name, entry, upstream.remote, store, unit, policies)
