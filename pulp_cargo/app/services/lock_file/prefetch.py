"""Fetching the files of a plan, and adding them to the repositories that store them."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from uuid import UUID

from pulpcore.plugin.models import Domain

from pulp_cargo.app.runtime import threads
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services.cache.cache import Cache
from pulp_cargo.app.services.fetch import persist_changes
from pulp_cargo.app.services.fetch.persist_changes import FetchedCrate, LinkStoredUnit
from pulp_cargo.app.services.lock_file.absent import Absent, Problem
from pulp_cargo.app.services.lock_file.policies import refused_license
from pulp_cargo.app.services.publish.commit import Committed
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.unavailable import StorageFull

# Maximum number of files added in one version; until then they are in temporary files.
BATCH_SIZE = 500
# Remotes have limits of their own; this one is for the space that files take after it was measured.
FETCHES_AT_ONCE = 20


@dataclass(slots=True)
class Fetched:
    """The result: how many files were stored, the versions made, and the problems."""

    count: int = 0
    made: list[Committed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


async def fetch(
    cache: Cache,
    disk: FreeSpace,
    domain: Domain,
    absent: Sequence[Absent],
    ended: Callable[[], None],
) -> Fetched:
    """Fetch files and store them; `ended` is called after each, even if it failed.

    Without room on the disk, no more files are fetched, which is a problem of each.

    Raises RepositoryBusy if a task reserves a repository for too long.
    """
    fetched, turns = Fetched(), asyncio.Semaphore(FETCHES_AT_ONCE)

    async def fetch_one(one: Absent) -> FetchedCrate | LinkStoredUnit | Problem:
        async with turns:
            if not disk.has_room():
                ended()
                return Problem(one.name, one.version.vers, str(StorageFull()))
            return await _fetch(cache, one, leases, ended)

    by_repository: dict[UUID, list[Absent]] = defaultdict(list)
    for one in absent:
        by_repository[one.repository].append(one)
    for repository, wanted in by_repository.items():
        for start in range(0, len(wanted), BATCH_SIZE):
            with ExitStack() as leases:
                batch = wanted[start : start + BATCH_SIZE]
                results = await asyncio.gather(*(fetch_one(one) for one in batch))
                await _store(cache, domain, repository, results, fetched)
    return fetched


async def _fetch(
    cache: Cache, one: Absent, leases: ExitStack, ended: Callable[[], None]
) -> FetchedCrate | LinkStoredUnit | Problem:
    """Return what is to be stored; its file is leased until the stack is closed."""
    version = one.version
    if one.unit is not None:
        ended()
        return LinkStoredUnit(one.unit, version.yanked)
    fetch = cache.fetches.fetch(one.remote, one.name, version.vers, version.cksum, None)
    leases.enter_context(fetch.leased())
    try:
        await fetch.ended()
        license = None
        if one.policies:
            license = await threads.examine_later(fetch.license, cache.readers)
    except RegistryError as error:
        return Problem(one.name, version.vers, str(error))
    finally:
        ended()
    if one.policies:
        refused = refused_license(one.policies, one.name.lower(), version, license or "")
        if refused is not None:
            return Problem(one.name, version.vers, refused.sentence)
    return FetchedCrate(fetch, version, one.remote)


async def _store(
    cache: Cache,
    domain: Domain,
    repository: UUID,
    results: Sequence[FetchedCrate | LinkStoredUnit | Problem],
    fetched: Fetched,
) -> None:
    fetched.problems += [one for one in results if isinstance(one, Problem)]
    changes = await threads.read(
        persist_changes.changes_of_links,
        [one for one in results if isinstance(one, LinkStoredUnit)],
    )
    for one in results:
        if isinstance(one, FetchedCrate):
            change = await threads.examine_later(
                persist_changes.change_of, cache.readers, domain, one
            )
            if change is None:
                sentence = "the file was downloaded, but cannot be stored; the log has the reason"
                fetched.problems.append(Problem(one.fetch.name, one.fetch.vers, sentence))
            else:
                changes.append(change)
    if not changes:
        return
    result = await persist_changes.persist(repository, domain, changes)
    for change, refusal in zip(changes, result.refusals, strict=True):
        if refusal is not None:
            unit = change.unit
            fetched.problems.append(Problem(unit.name, unit.vers, str(refusal)))
    fetched.count += result.refusals.count(None)
    fetched.made += [result.made] if result.made else []
