"""What a content process remembers so that most reads need neither thread nor query.

Three things, all bounded: registries (what each base path serves now), ready answers by request
target, and who may read a private registry. Notices keep them true (see `listener`); while no
notices come in nothing is remembered, and every request asks the database.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any
from uuid import UUID

from django.conf import settings

from pulp_cargo.app.queries.principals import Grant
from pulp_cargo.app.queries.registries import Registry
from pulp_cargo.app.services.commit import Committed

MOST_REGISTRIES = 10_000
MOST_GRANTS = 10_000
# What an answer costs beside its bytes, roughly.
OVERHEAD = 1000
NO_GRANT = (None, 0.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer to a GET, kept for one request target; `gzipped` is None where it is no gain.

    `private` is the registry whose readers alone may have it, None for a public one.
    """

    repository: UUID | None
    crate: str | None
    private: UUID | None
    body: bytes
    gzipped: bytes | None
    etag: str
    headers: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        """Bytes of memory, roughly."""
        return len(self.body) + len(self.gzipped or b"") + OVERHEAD


@dataclass(frozen=True, slots=True)
class Waiter:
    """Somebody who waits until a new version is known everywhere."""

    committed: Committed
    done: asyncio.Future[None]


class Memory:
    """The memory of one process; every method runs on its event loop."""

    def __init__(self) -> None:
        self.listening = False
        # Grows with every notice: what was asked before one must not be remembered after it.
        self.generation = 0
        self.answers: OrderedDict[str, Answer] = OrderedDict()
        self._size = 0
        self._targets: defaultdict[tuple[UUID | None, str | None], set[str]] = defaultdict(set)
        self._registries: dict[tuple[str, str], Registry] = {}
        self._views: defaultdict[UUID | None, set[tuple[str, str]]] = defaultdict(set)
        self._grants: dict[tuple[UUID, bytes], tuple[Grant, float]] = {}
        # Which version of a repository each listening connection has heard of, ours included.
        self.own_connection = 0
        self._heard: defaultdict[UUID, dict[int, int]] = defaultdict(dict)
        self._waiters: defaultdict[UUID, list[Waiter]] = defaultdict(list)

    def registry(self, domain: str, path: str) -> Registry | None:
        """Return the registry whose base path begins `path`, if it is remembered."""
        end = path.find("/")
        while end > 0:
            found = self._registries.get((domain, path[:end]))
            if found is not None:
                return found
            end = path.find("/", end + 1)
        return None

    def keep_registry(self, registry: Registry, generation: int) -> None:
        """Remember a registry that was looked up when the generation was this."""
        if self.listening and generation == self.generation:
            if len(self._registries) >= MOST_REGISTRIES:
                self.forget()
            key = (registry.domain.name, registry.base_path)
            self._registries[key] = registry
            self._views[registry.repository].add(key)

    def keep_answer(self, target: str, answer: Answer, generation: int) -> None:
        """Remember an answer, and let go of those not used for longest when room is short."""
        if not self.listening or generation != self.generation:
            return
        self._drop(target)
        self.answers[target] = answer
        self._targets[answer.repository, answer.crate].add(target)
        self._size += answer.size
        while self._size > settings.CARGO_INDEX_CACHE_BYTES:
            self._drop(next(iter(self.answers)))

    def grant(self, registry: UUID, header: str) -> Grant | None:
        """Return what an Authorization header may do, None if that is not remembered."""
        grant, until = self._grants.get((registry, _digest(header)), NO_GRANT)
        return grant if until > time.monotonic() else None

    def keep_grant(self, registry: UUID, header: str, grant: Grant, generation: int) -> None:
        """Remember for a few seconds what a header may do."""
        if self.listening and generation == self.generation:
            if len(self._grants) >= MOST_GRANTS:
                self._grants.clear()
            until = time.monotonic() + settings.CARGO_TOKEN_MEMORY_SECONDS
            self._grants[registry, _digest(header)] = (grant, until)

    def forget(self) -> None:
        """Forget everything."""
        self.generation += 1
        self.answers.clear()
        self._targets.clear()
        self._registries.clear()
        self._views.clear()
        self._grants.clear()
        self._size = 0

    def take_notice(self, notice: dict[str, Any]) -> None:
        """Forget what a notice makes untrue (see models/notify for their form)."""
        if notice["kind"] == "pulse":
            return
        if notice["kind"] == "heard":
            self._note_heard(UUID(notice["repository"]), notice["number"], notice["by"])
            return
        self.generation += 1
        match notice:
            case {"kind": "version"}:
                self._move_on(notice)
            case {"kind": "repository", "repository": repository}:
                self._forget_repository(UUID(repository))
            case {"kind": "principals"}:
                self._grants.clear()
            case _:
                self.forget()

    def stop_listening(self) -> None:
        """Step aside until notices come in again."""
        self.listening = False
        self.forget()
        self._heard.clear()
        for waiter in chain.from_iterable(self._waiters.values()):
            if not waiter.done.done():
                waiter.done.set_result(None)
        self._waiters.clear()

    async def reach(self, committed: Committed | None, seconds: float = 1.0) -> None:
        """Wait until every process that listens has heard of a new version.

        PostgreSQL tells them all at once, but each gets to it in its own time; a client that was
        told of a publish must find it whichever process it asks next.
        """
        if committed is None or not self.listening or self._has_reached(committed):
            return
        waiter = Waiter(committed, asyncio.get_running_loop().create_future())
        self._waiters[committed.repository].append(waiter)
        with suppress(TimeoutError):
            await asyncio.wait_for(waiter.done, seconds)

    def is_awaited(self, repository: UUID, number: int) -> bool:
        """Whether this process made a version and waits for the others to hear of it."""
        waiters = self._waiters.get(repository, ())
        return any(waiter.committed.number == number for waiter in waiters)

    def _note_heard(self, repository: UUID, number: int, connection: int) -> None:
        """Note that a process has heard of a version, and let those go on who waited for it."""
        heard = self._heard[repository]
        heard[connection] = max(number, heard.get(connection, -1))
        waiting = self._waiters.pop(repository, [])
        for waiter in waiting:
            if waiter.done.done():
                continue
            if self._has_reached(waiter.committed):
                waiter.done.set_result(None)
            else:
                self._waiters[repository].append(waiter)

    def _has_reached(self, committed: Committed) -> bool:
        # Connections that are gone are forgotten on the way.
        heard = self._heard[committed.repository]
        for gone in heard.keys() - committed.listeners - {self.own_connection}:
            del heard[gone]
        return all(heard.get(one, -1) >= committed.number for one in committed.listeners)

    def _move_on(self, notice: dict[str, Any]) -> None:
        """Let the registries of a repository serve its new version, keeping unchanged answers."""
        repository, number = UUID(notice["repository"]), notice["number"]
        views = {key: self._registries[key] for key in self._views.get(repository, ())}
        behind = [v for v in views.values() if not v.pinned and v.number < notice["base"]]
        if notice["names"] is None or behind:
            self._forget_repository(repository)
        else:
            for key, view in views.items():
                if not view.pinned and view.number < number:
                    version = UUID(notice["version"])
                    self._registries[key] = replace(view, version=version, number=number)
            self._forget_crates(repository, notice["names"])
        self._note_heard(repository, number, self.own_connection)

    def _forget_repository(self, repository: UUID) -> None:
        for key in self._views.pop(repository, ()):
            del self._registries[key]
        crates = [crate for owner, crate in self._targets if owner == repository]
        self._forget_crates(repository, crates)

    def _forget_crates(self, repository: UUID, crates: Iterable[str | None]) -> None:
        for crate in crates:
            for target in list(self._targets.get((repository, crate), ())):
                self._drop(target)

    def _drop(self, target: str) -> None:
        answer = self.answers.pop(target, None)
        if answer is None:
            return
        self._size -= answer.size
        targets = self._targets[answer.repository, answer.crate]
        targets.discard(target)
        if not targets:
            del self._targets[answer.repository, answer.crate]


def _digest(header: str) -> bytes:
    """What stands for a credential in memory, so that no secret does."""
    return hashlib.sha256(header.encode("utf-8", "surrogateescape")).digest()


memory = Memory()
