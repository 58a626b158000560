"""What a content process remembers so that most reads need neither thread nor query.

Four things, all bounded: registries (what each base path serves now), ready answers by request
target, who may read a private registry, and whom a content guard has let in. Notices keep them true
(see `listener`); while no notices come in nothing is remembered, and every request asks the
database.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from pulp_cargo.app.endpoints.memory.acknowledgements import Acknowledgements
from pulp_cargo.app.endpoints.memory.answer import Answer
from pulp_cargo.app.queries.registry.grants import Grant
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime.ttl_cache import (
    TtlCache,
    digest,
    digest_of,
)
from pulp_cargo.app.services.cache import parsed_indexes

MOST_REGISTRIES = 10_000
MOST_GRANTS = 10_000
MOST_ADMITTED = 10_000


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
        self._grants: TtlCache[tuple[UUID, bytes], Grant] = TtlCache(MOST_GRANTS)
        self._admitted: TtlCache[tuple[UUID, bytes], bool] = TtlCache(MOST_ADMITTED)
        self.acknowledgements = Acknowledgements()

    @property
    def size(self) -> int:
        """Bytes that the answers take, roughly."""
        return self._size

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
            for repository in registry.upstreams.repositories:
                self._views[repository].add(key)

    def keep_answer(self, target: str, answer: Answer, generation: int) -> None:
        """Remember an answer, and let go of those not used for longest when room is short."""
        if not self.listening or generation != self.generation:
            return
        self._drop(target)
        self.answers[target] = answer
        for repository in answer.repositories:
            self._targets[repository, answer.crate].add(target)
        self._size += answer.size
        while self._size > settings.CARGO_INDEX_CACHE_BYTES:
            self._drop(next(iter(self.answers)))

    def grant(self, registry: UUID, header: str) -> Grant | None:
        """Return what an Authorization header may do, None if that is not remembered."""
        return self._grants.get((registry, digest(header)))

    def keep_grant(self, registry: UUID, header: str, grant: Grant, generation: int) -> None:
        """Remember for a few seconds what a header may do."""
        if self.listening and generation == self.generation:
            seconds = settings.CARGO_TOKEN_MEMORY_SECONDS
            self._grants.keep((registry, digest(header)), grant, seconds)

    def is_admitted(self, registry: Registry, headers: Mapping[str, str]) -> bool:
        """Whether the registry's guard has just let in a request with the same credentials."""
        reads = registry.access.guard_reads
        if reads is None:
            return False
        return self._admitted.get((registry.pk, digest_of(headers, reads))) is not None

    def keep_admitted(
        self, registry: Registry, headers: Mapping[str, str], seconds: float, generation: int
    ) -> None:
        """Remember for so many seconds, and a few at most, that the guard let this request in."""
        reads = registry.access.guard_reads
        if reads is None or not self.listening or generation != self.generation:
            return
        seconds = min(seconds, settings.CARGO_TOKEN_MEMORY_SECONDS)
        key = (registry.pk, digest_of(headers, reads))
        self._admitted.keep(key, value=True, seconds=seconds)

    def forget(self) -> None:
        """Forget everything."""
        self.generation += 1
        self.answers.clear()
        self._targets.clear()
        self._registries.clear()
        self._views.clear()
        self._forget_people()
        self._size = 0

    def take_notice(self, notice: dict[str, Any]) -> None:
        """Forget what a notice makes untrue (see notices/channel for their form)."""
        if notice["kind"] in ("pulse", "asked"):
            return
        if notice["kind"] == "heard":
            self.acknowledgements.note(UUID(notice["repository"]), notice["number"], notice["by"])
            return
        self.generation += 1
        match notice:
            case {"kind": "version"}:
                self._move_on(notice)
            case {"kind": "repository", "repository": repository}:
                self._forget_repository(UUID(repository))
            case {"kind": "index", "remote": remote, "name": name}:
                # It is rare, and any registry may have its crates from there.
                parsed_indexes.forget(UUID(remote), name)
                self.forget()
            case {"kind": "principals"}:
                self._forget_people()
            case _:
                self.forget()

    def stop_listening(self) -> None:
        """Step aside until notices come in again."""
        self.listening = False
        self.forget()
        self.acknowledgements.stop()

    def _move_on(self, notice: dict[str, Any]) -> None:
        """Let the registries of a repository serve its new version, keeping unchanged answers."""
        repository, number = UUID(notice["repository"]), notice["number"]
        for key in list(self._views.get(repository, ())):
            # What a list or cache serves depends on several repositories: it is looked up again.
            if self._registries[key].upstreams.listed:
                self._forget_registry(key)
        views = {key: self._registries[key] for key in self._views.get(repository, ())}
        behind = [v for v in views.values() if not v.pinned and v.content.number < notice["base"]]
        if notice["names"] is None or behind:
            self._forget_repository(repository)
        else:
            for key, view in views.items():
                if not view.pinned and view.content.number < number:
                    self._registries[key] = view.at_version(UUID(notice["version"]), number)
            self._forget_crates(repository, notice["names"])
        self.acknowledgements.note(repository, number, self.acknowledgements.own_connection)

    def _forget_people(self) -> None:
        self._grants.clear()
        self._admitted.clear()

    def _forget_repository(self, repository: UUID) -> None:
        for key in list(self._views.get(repository, ())):
            self._forget_registry(key)
        crates = [crate for owner, crate in self._targets if owner == repository]
        self._forget_crates(repository, crates)

    def _forget_registry(self, key: tuple[str, str]) -> None:
        for repository in self._registries.pop(key).upstreams.repositories:
            self._views[repository].discard(key)
            if not self._views[repository]:
                del self._views[repository]

    def _forget_crates(self, repository: UUID, crates: Iterable[str | None]) -> None:
        for crate in crates:
            for target in list(self._targets.get((repository, crate), ())):
                self._drop(target)

    def _drop(self, target: str) -> None:
        answer = self.answers.pop(target, None)
        if answer is None:
            return
        self._size -= answer.size
        for repository in answer.repositories:
            targets = self._targets[repository, answer.crate]
            targets.discard(target)
            if not targets:
                del self._targets[repository, answer.crate]


memory = Memory()
