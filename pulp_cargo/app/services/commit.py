"""The one place where cargo's edge makes a repository version.

Changes to a repository that wait at the same time share a commit and so a version, each with
its own verdict: thirty publishes at once cost two or three versions. The answer comes after the
commit: what cargo was told is there is there, for every process and after a crash.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction

from pulpcore.plugin.models import Domain

from pulp_cargo.app.models import CargoRepository, notify, retention, version_rows
from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.models.repository import lock
from pulp_cargo.app.queries import heads
from pulp_cargo.app.queries.heads import Head
from pulp_cargo.app.services import store, threads
from pulp_cargo.app.services.draft import Draft
from pulp_cargo.protocol.errors import RegistryError, RegistryNotFound, RepositoryBusy

log = logging.getLogger(__name__)

# How many changes one version takes at most, so that the first of them does not wait too long.
MOST_AT_ONCE = 64
# How long to wait between two looks at a repository that a task holds, in seconds.
BUSY_PAUSE = 0.1
# A clean-up of old versions takes so many at once.
TRIM_EVERY = 50


class Change(Protocol):
    """Something that may be done to a repository's content."""

    @property
    def keys(self) -> tuple[str, str]:
        """The canonical name and version that it concerns."""

    def apply(self, draft: Draft) -> None:
        """Put it into a draft, or raise why that cannot be."""


@dataclass(slots=True)
class Waiting:
    """A change in the queue of its repository, and where its verdict goes."""

    change: Change
    verdict: asyncio.Future["Committed | None"]
    until: float


@dataclass(slots=True)
class Queue:
    """The changes to one repository that wait in this process."""

    waiting: list[Waiting] = field(default_factory=list)
    runner: asyncio.Task[None] | None = None


_queues: dict[UUID, Queue] = {}
_cleanups: set[asyncio.Task[None]] = set()


async def submit(repository: UUID, domain: Domain, change: Change) -> "Committed | None":
    """Commit a change and return the version made, None when nothing changed.

    Raises the RegistryError that the change met; RepositoryBusy when a task kept the repository.
    """
    loop = asyncio.get_running_loop()
    queue = _queues.setdefault(repository, Queue())
    waiting = Waiting(change, loop.create_future(), time.monotonic() + settings.CARGO_BUSY_SECONDS)
    queue.waiting.append(waiting)
    if queue.runner is None:
        queue.runner = loop.create_task(_run(repository, domain, queue))
    return await waiting.verdict


async def _run(repository: UUID, domain: Domain, queue: Queue) -> None:
    """Commit what waits until nothing does."""
    try:
        while queue.waiting:
            batch = queue.waiting[:MOST_AT_ONCE]
            try:
                changes = [one.change for one in batch]
                result = await threads.write(commit, repository, domain, changes)
            except RepositoryBusy as error:
                _give_up(queue, error)
                await asyncio.sleep(BUSY_PAUSE)
                continue
            except Exception as error:
                result = Result(None, [error] * len(batch))
            del queue.waiting[: len(batch)]
            _answer(batch, result)
            _clean_up_after(repository, result)
    finally:
        queue.runner = None
        if not queue.waiting:
            _queues.pop(repository, None)


def _give_up(queue: Queue, error: RepositoryBusy) -> None:
    """Refuse what has waited too long for a busy repository."""
    now = time.monotonic()
    for one in [one for one in queue.waiting if one.until <= now]:
        queue.waiting.remove(one)
        _settle(one, error)


def _answer(batch: Sequence[Waiting], result: "Result") -> None:
    for one, refusal in zip(batch, result.refusals, strict=True):
        _settle(one, refusal or result.made)


def _settle(one: Waiting, outcome: "Committed | BaseException | None") -> None:
    if one.verdict.done():
        return
    if isinstance(outcome, BaseException):
        one.verdict.set_exception(outcome)
    else:
        one.verdict.set_result(outcome)


def _clean_up_after(repository: UUID, result: "Result") -> None:
    """Start a clean-up of old versions in the background, once per so many versions."""
    if result.made is not None and result.made.number % TRIM_EVERY == 0:
        task = asyncio.get_running_loop().create_task(threads.write(clean_up, repository))
        _cleanups.add(task)
        task.add_done_callback(_cleanups.discard)


@dataclass(frozen=True, slots=True)
class Committed:
    """A new repository version, and the connections that were told of it."""

    repository: UUID
    number: int
    listeners: frozenset[int]


@dataclass(frozen=True, slots=True)
class Result:
    """What a commit made, None for no new version, and what each change was refused for."""

    made: Committed | None
    refusals: Sequence[BaseException | None]


def commit(repository: UUID, domain: Domain, changes: Sequence[Change]) -> Result:
    """Apply changes in one transaction under the repository's lock; raises RepositoryBusy."""
    draft = None
    with with_domain(domain):
        try:
            with transaction.atomic():
                lock(repository)
                head = heads.head(repository)
                if head is None:
                    raise RegistryNotFound(str(repository))
                draft = Draft(repository, {change.keys for change in changes})
                refusals = [_refusal(change, draft) for change in changes]
                made = _write(head, draft, domain)
        except Exception:
            if draft is not None and draft.crates:
                with suppress(Exception):
                    store.forget_files(draft.crates, domain)
            raise
    if made is None:
        return Result(None, refusals)
    return Result(Committed(repository, made.number, _listeners()), refusals)


def _listeners() -> frozenset[int]:
    """The connections that were told; what is committed stays so if they cannot be asked for."""
    try:
        return notify.listeners()
    except DatabaseError as error:
        log.warning("Cannot tell who was told of a new version: %s", error)
        return frozenset()


def _refusal(change: Change, draft: Draft) -> RegistryError | None:
    try:
        change.apply(draft)
    except RegistryError as error:
        return error
    return None


def _write(head: Head, draft: Draft, domain: Domain) -> version_rows.NewVersion | None:
    """Write what the draft holds and say so, or do nothing when it holds nothing."""
    added = store.save_crates(draft.crates, domain) + store.save_yanks(draft.new_yanks, domain)
    removed = draft.gone_yanks
    if not added and not removed:
        return None
    write = version_rows.write if version_rows.is_supported() else version_rows.write_with_core
    made = write(head.repository, head.version, head.next_number, added=added, removed=removed)
    _add_aliases(head, draft.aliases)
    notify.new_version(head.repository, head.number, made.number, made.pk, draft.changed_names)
    if settings.CACHE_ENABLED:
        transaction.on_commit(CargoRepository.objects.get(pk=head.repository).invalidate_cache)
    return made


def _add_aliases(head: Head, urls: set[str]) -> None:
    """Remember further URLs that mean this registry."""
    known = set(head.index_aliases)
    if not urls <= known:
        CargoRepository.objects.filter(pk=head.repository).update(
            index_aliases=sorted(known | urls)
        )
        notify.registries_changed()


def clean_up(repository: UUID) -> None:
    """Delete a repository's old versions, and let PostgreSQL have their room."""
    if retention.trim(CargoRepository.objects.get(pk=repository)):
        retention.give_space_back()
