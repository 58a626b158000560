"""The one place where cargo's edge makes a repository version.

Several changes to a repository may share a version, each with its own verdict (`commit_queue`
brings them together). The answer comes after the commit: what cargo was told is there is there,
for every process and after a crash.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from pulpcore.plugin.models import Domain, RepositoryVersion

from pulp_cargo.app.models import (
    CargoRepository,
    retention,
    version_rows,
)
from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.models.registry_urls import add_aliases
from pulp_cargo.app.models.repository import lock, set_lock_timeout
from pulp_cargo.app.notices import channel
from pulp_cargo.app.queries import owners as owner_rows
from pulp_cargo.app.queries.repository import head as heads
from pulp_cargo.app.queries.repository.head import Head
from pulp_cargo.app.runtime import steps
from pulp_cargo.app.runtime.statements import Rows, pipelined
from pulp_cargo.app.services import owners
from pulp_cargo.app.services.crates import artifacts
from pulp_cargo.app.services.crates.artifacts import Crates, There
from pulp_cargo.app.services.publish import draft as drafts
from pulp_cargo.app.services.publish.draft import Draft
from pulp_cargo.protocol.errors import RegistryError, RegistryNotFound
from pulp_cargo.protocol.unavailable import RepositoryBusy
from pulp_cargo.rules.owners import Actor, Owner

log = logging.getLogger(__name__)

Write = Callable[..., version_rows.NewVersion]

# By these PostgreSQL says that nothing was committed; after a lost connection, say, nobody knows.
CLASHES = (psycopg.IntegrityError, DeadlockDetected)


class Change(Protocol):
    """Something that may be done to a repository's content."""

    @property
    def keys(self) -> tuple[str, str]:
        """The canonical name and the version, with its build metadata, that it concerns."""

    @property
    def crates(self) -> Crates:
        """What it may store, with the files."""

    @property
    def actor(self) -> Actor | None:
        """Who has to own the crate; None if nobody has to, or crates here have no owners."""

    def apply(self, draft: Draft) -> None:
        """Put it into a draft, or raise why that cannot be."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A new repository version, and the connections that were told of it."""

    repository: UUID
    number: int
    listeners: frozenset[int]


@dataclass(frozen=True, slots=True)
class Made:
    """The number of a version that was written, and the connections that are told of it."""

    number: int
    listeners: frozenset[int]


@dataclass(frozen=True, slots=True)
class Result:
    """What a commit made, None for no new version, and what each change was refused for."""

    made: Committed | None
    refusals: Sequence[BaseException | None]


def commit_together(repository: UUID, domain: Domain, changes: Sequence[Change]) -> Result:
    """Commit changes as one version, or each for itself when something unforeseen breaks one."""
    try:
        return commit(repository, domain, changes)
    except (RepositoryBusy, InterfaceError, OperationalError):
        raise
    except Exception:
        if len(changes) == 1:
            raise
        log.warning("A commit of %s changes failed, trying them alone.", len(changes))
    made: Committed | None = None
    refusals: list[BaseException | None] = []
    for change in changes:
        try:
            alone = commit(repository, domain, [change])
        except Exception as error:
            refusals.append(error)
        else:
            made = alone.made or made
            refusals += alone.refusals
    return Result(made, refusals)


def commit(repository: UUID, domain: Domain, changes: Sequence[Change]) -> Result:
    """Apply changes in one transaction under the repository's lock; raises RepositoryBusy.

    Others store crates without that lock, into the same domain: a sync, or a publish to another
    repository. Who was in the way a moment ago is not any more at a second try.
    """
    try:
        with _busy_after(LockNotAvailable):
            return _try(repository, domain, changes)
    except (IntegrityError, OperationalError) as error:
        if not isinstance(error.__cause__, CLASHES):
            raise
        log.info("A commit met somebody else's, and is tried again: %s", error)
    with _busy_after(LockNotAvailable, DeadlockDetected):
        return _try(repository, domain, changes)


def _try(repository: UUID, domain: Domain, changes: Sequence[Change]) -> Result:
    draft = None
    with with_domain(domain):
        try:
            with transaction.atomic():
                head, draft, there = _look_up(repository, domain, changes)
                refusals = [_refusal(change, draft) for change in changes]
                made = _write(head, draft, there, domain)
                steps.reached("written")
        except Exception:
            if draft is not None and draft.crates:
                with suppress(Exception):
                    artifacts.forget_files([file for _, file in draft.crates], domain)
            raise
        steps.reached("committed")
        _restore_lost(draft, domain)
    if made is None:
        return Result(None, refusals)
    return Result(Committed(repository, made.number, made.listeners), refusals)


def _look_up(
    repository: UUID, domain: Domain, changes: Sequence[Change]
) -> tuple[Head, Draft, There]:
    """Lock the repository, and return how things stand; all is asked for at once."""
    crates = [crate for change in changes for crate in change.crates]
    owned = {change.keys[0] for change in changes if change.actor is not None}
    while True:
        with pipelined():
            set_lock_timeout()
            lock(repository)
            asked = heads.ask(repository)
            found = drafts.ask(repository, {change.keys for change in changes})
            asked_owners = owner_rows.ask(repository, owned) if owned else None
            there = artifacts.ask(crates, domain)
        head = heads.read(repository, asked)
        if head is None:
            raise RegistryNotFound(str(repository))
        if head.is_complete:
            return head, Draft(found, _owners(head, asked_owners)), there()
        _remove_debris(head)


def _owners(head: Head, asked: Rows | None) -> Mapping[str, Collection[Owner]] | None:
    if not head.crate_owners:
        return None
    return {} if asked is None else owner_rows.read(asked)


def _remove_debris(head: Head) -> None:
    """Remove the newest version, which is unfinished and which no living task is building."""
    RepositoryVersion.objects.get(pk=head.version).delete()


def _restore_lost(draft: Draft, domain: Domain) -> None:
    """Put files back that are not there; what is committed stays so where that cannot be done."""
    try:
        artifacts.restore_lost([file for _, file in draft.crates], domain)
    except Exception as error:
        log.warning("The storage lacks the file of a new crate version: %s", error)


@contextmanager
def _busy_after(*refusals: type[Exception]) -> Iterator[None]:
    """Turn these of PostgreSQL's refusals into RepositoryBusy, whichever statement meets them."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, refusals):
            raise RepositoryBusy from error
        raise


def _refusal(change: Change, draft: Draft) -> RegistryError | None:
    try:
        change.apply(draft)
    except RegistryError as error:
        return error
    return None


def _write(head: Head, draft: Draft, there: There, domain: Domain) -> Made | None:
    """Write what the draft holds and say so, or do nothing when it holds nothing."""
    yanks = artifacts.save_yanks(draft.new_yanks, domain) + artifacts.touch(draft.adopted)
    if not version_rows.is_supported():
        written = _write_rows(head, draft, there, domain, yanks, version_rows.write_with_core)
    else:
        with pipelined():
            written = _write_rows(head, draft, there, domain, yanks, version_rows.write)
    if written is None:
        return None
    number, listeners = written
    return Made(number, frozenset(pid for (pid,) in listeners.fetch()))


def _write_rows(
    head: Head, draft: Draft, there: There, domain: Domain, others: list[UUID], write: Write
) -> tuple[int, Rows] | None:
    """Write crates and the version that has them and other units, of which some may be there.

    Return its number, and who is told of it.
    """
    crates, placed = artifacts.place_crates(draft.crates, there, domain)
    added = crates + others
    steps.reached("stored")
    removed = draft.gone_yanks
    if not added and not removed:
        return None
    made = write(head.repository, head.version, head.next_number, added=added, removed=removed)
    _add_aliases(head, draft.aliases)
    if draft.new_owners:
        owners.add_first(head.repository, draft.new_owners)
    channel.new_version(head.repository, head.number, made.number, made.pk, draft.changed_names)
    if settings.CACHE_ENABLED:
        unit = CargoRepository.objects.get(pk=head.repository)
        # The version is there even if Pulp's cache cannot be told.
        transaction.on_commit(unit.invalidate_cache, robust=True)
    listeners = channel.ask_for_listeners()
    # While PostgreSQL is at work on all that.
    placed.settle()
    return made.number, listeners


def _add_aliases(head: Head, urls: set[str]) -> None:
    """Remember further URLs that mean this registry."""
    if not urls <= set(head.index_aliases) and add_aliases(head.repository, urls):
        channel.registries_changed()


def clean_up(repository: UUID) -> None:
    """Delete a repository's old versions, and let PostgreSQL have their room.

    While a task uses the repository all of them stay, until the next time.
    """
    if heads.is_used(repository):
        return
    if retention.trim(CargoRepository.objects.get(pk=repository)):
        retention.give_space_back()
