"""Committing changes of a repository as a new version, for publishes, yanks and uploads.

Several changes may share a version, each with its own result (`commit_queue` combines them). The
response is sent after the commit: what was reported as published is visible to every process, and
survives a crash.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
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
from pulp_cargo.app.models.repository import begin_commit
from pulp_cargo.app.notices import channel
from pulp_cargo.app.queries import owners as owner_rows
from pulp_cargo.app.queries.repository import head as heads
from pulp_cargo.app.queries.repository.head import Head
from pulp_cargo.app.runtime import steps
from pulp_cargo.app.runtime.statements import Rows, pipelined
from pulp_cargo.app.services import owners
from pulp_cargo.app.services.crates import artifacts, save_crates, unit_rows, yank_marks
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.save_crates import Crates, There
from pulp_cargo.app.services.publish import draft as drafts
from pulp_cargo.app.services.publish.draft import Draft
from pulp_cargo.protocol.errors import RegistryError, RegistryNotFound, VersionExists
from pulp_cargo.protocol.unavailable import RepositoryBusy
from pulp_cargo.rules.owners import Actor, Owner

log = logging.getLogger(__name__)

Write = Callable[..., version_rows.NewVersion]

# Errors after which nothing was committed; after others, such as a lost connection, it is unknown.
CLASHES = (psycopg.IntegrityError, DeadlockDetected)


class Change(Protocol):
    """A change of a repository's content."""

    @property
    def keys(self) -> tuple[str, str]:
        """The canonical name and the version, with build metadata, that it changes."""

    @property
    def crates(self) -> Crates:
        """The units that it adds, with their files."""

    @property
    def actor(self) -> Actor | None:
        """Who has to own the crate; None if nobody has to, or crates here have no owners."""

    def apply(self, draft: Draft) -> None:
        """Add the change to a draft, or raise the reason to refuse it."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A new repository version, and the connections that were sent the message about it."""

    repository: UUID
    number: int
    listeners: frozenset[int]


@dataclass(frozen=True, slots=True)
class Made:
    """The number of a written version, and the connections that will get the message about it."""

    number: int
    listeners: frozenset[int]


@dataclass(frozen=True, slots=True)
class Result:
    """The new version, None if there is none, and the error of each change that was refused."""

    made: Committed | None
    refusals: Sequence[BaseException | None]


def commit_together(repository: UUID, domain: Domain, changes: Sequence[Change]) -> Result:
    """Commit changes as one version, or one by one after an unexpected error."""
    try:
        return commit(repository, domain, changes)
    except (RepositoryBusy, InterfaceError, OperationalError):
        raise
    except Exception:
        # Any error: whatever one change raises must not fail the others.
        if len(changes) == 1:
            raise
        log.warning("A commit of %s changes failed; committing them one by one.", len(changes))
    made: Committed | None = None
    refusals: list[BaseException | None] = []
    for change in changes:
        try:
            alone = commit(repository, domain, [change])
        except Exception as error:
            # Any error, since it becomes the outcome of this change alone.
            refusals.append(error)
        else:
            made = alone.made or made
            refusals += alone.refusals
    return Result(made, refusals)


def commit(repository: UUID, domain: Domain, changes: Sequence[Change]) -> Result:
    """Apply changes in one transaction under the repository's lock; raises RepositoryBusy.

    Others store crates in the same domain without that lock, such as a sync, or a publish to
    another repository. So a conflict with them is retried once.
    """
    try:
        with _busy_after(LockNotAvailable):
            return _try(repository, domain, changes)
    except (IntegrityError, OperationalError) as error:
        if not isinstance(error.__cause__, CLASHES):
            raise
        log.info("A commit conflicted with another one, and is retried: %s", error)
    with _busy_after(LockNotAvailable, DeadlockDetected):
        return _try(repository, domain, changes)


def _try(repository: UUID, domain: Domain, changes: Sequence[Change]) -> Result:
    files: list[IncomingFile] = []
    with with_domain(domain):
        with artifacts.forgotten_after_errors(files, domain), transaction.atomic():
            head, draft, there = _look_up(repository, domain, changes)
            refusals = [_refusal(change, draft) for change in changes]
            files += [file for _, file in draft.crates]
            made = _write(head, draft, there, domain)
            steps.reached("written")
        steps.reached("committed")
        _restore(partial(artifacts.restore_lost, [file for _, file in draft.crates], domain))
        if there_before := _with_same_bytes(changes, refusals):
            _restore(partial(artifacts.restore_damaged, there_before, domain))
    if made is None:
        return Result(None, refusals)
    return Result(Committed(repository, made.number, made.listeners), refusals)


def _look_up(
    repository: UUID, domain: Domain, changes: Sequence[Change]
) -> tuple[Head, Draft, There]:
    """Lock the repository and load its state, with all queries in one round trip."""
    crates = [crate for change in changes for crate in change.crates]
    owned = {change.keys[0] for change in changes if change.actor is not None}
    while True:
        with pipelined():
            begin_commit(repository, artifacts.lock_keys([file for _, file in crates]))
            asked = heads.ask(repository)
            found = drafts.ask(repository, {change.keys for change in changes})
            asked_owners = owner_rows.ask(repository, owned) if owned else None
            there = save_crates.ask(crates, domain)
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
    """Remove the newest version, which is incomplete, and whose task does not run any more."""
    RepositoryVersion.objects.get(pk=head.version).delete()


def _with_same_bytes(
    changes: Sequence[Change], refusals: Sequence[RegistryError | None]
) -> list[IncomingFile]:
    """Return the files of changes that are refused because the repository has them already."""
    return [
        file
        for change, refusal in zip(changes, refusals, strict=True)
        if isinstance(refusal, VersionExists) and refusal.same_bytes
        for _, file in change.crates
    ]


def _restore(restore: Callable[[], None]) -> None:
    """Restore files that the storage lacks; a failure does not affect the commit."""
    try:
        restore()
    except Exception as error:
        # Any error: each storage has errors of its own, with no common class.
        log.warning("The storage does not have the file of a crate version: %s", error)


@contextmanager
def _busy_after(*refusals: type[Exception]) -> Iterator[None]:
    """Turn these errors of PostgreSQL into RepositoryBusy, whichever statement raises them."""
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
    """Write the draft's changes and send the message about them; None without changes."""
    yanks = yank_marks.save_yanks(draft.new_yanks, domain) + unit_rows.touch(draft.adopted)
    if not version_rows.is_supported():
        written = _write_rows(head, draft, there, domain, yanks, version_rows.write_with_core)
    else:
        with pipelined():
            written = _write_rows(head, draft, there, domain, yanks, version_rows.write)
    if written is None:
        return None
    number, announced = written
    return Made(number, channel.listeners_in(announced))


def _write_rows(
    head: Head, draft: Draft, there: There, domain: Domain, others: list[UUID], write: Write
) -> tuple[int, Rows] | None:
    """Write new crates, and the version that adds them and other units.

    Returns its number, and the announcement to the connections that will get the message about it.
    """
    crates, placed = save_crates.place_crates(draft.crates, there, domain)
    added = crates + others
    steps.reached("stored")
    removed = draft.gone_yanks
    if not added and not removed:
        return None
    made = write(head.repository, head.version, head.next_number, added=added, removed=removed)
    _add_aliases(head, draft.aliases)
    if draft.new_owners:
        owners.add_first(head.repository, draft.new_owners)
    names = draft.changed_names
    announced = channel.new_version(head.repository, head.number, made.number, made.pk, names)
    if settings.CACHE_ENABLED:
        unit = CargoRepository.objects.get(pk=head.repository)
        # A failure of Pulp's cache does not affect the commit.
        transaction.on_commit(unit.invalidate_cache, robust=True)
    # In parallel with PostgreSQL, which executes the statements above.
    placed.settle()
    return made.number, announced


def _add_aliases(head: Head, urls: set[str]) -> None:
    """Add URLs that mean this registry to the repository's aliases."""
    if not urls <= set(head.index_aliases) and add_aliases(head.repository, urls):
        channel.registries_changed()


def clean_up(repository: UUID) -> None:
    """Delete a repository's old versions, and let PostgreSQL reuse their space.

    Nothing is deleted while a task uses the repository.
    """
    if heads.is_used(repository):
        return
    if retention.trim(CargoRepository.objects.get(pk=repository)):
        retention.give_space_back()
