"""The memory cache of a content process, with which most reads need neither thread nor query.

It has six bounded parts: registries (what each base path serves now), states of their past, complete
responses by request target, who may read a private registry, whom a content guard has admitted, and
who reads the list of registries. Messages keep them up to date (see `listener`); while no messages
arrive nothing is cached, and every request queries the database.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from pulp_cargo.app.endpoints.memory.acknowledgements import Acknowledgements
from pulp_cargo.app.endpoints.memory.answer import PAST, Answer
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.registry.token_scopes import Visitor, seconds_left
from pulp_cargo.app.runtime.ttl_cache import (
    TtlCache,
    digest,
    digest_of,
)
from pulp_cargo.rules.token_scopes import Grant

MOST_REGISTRIES = 10_000
# Anybody who may read a registry can ask for any time of it, so those that are used stay.
MOST_PAST = 1_000
MOST_GRANTS = 10_000
MOST_ADMITTED = 10_000
MOST_VISITORS = 1_000


class Memory:
    """The memory of one process, used on its event loop only."""

    def __init__(self) -> None:
        self.listening = False
        # Grows with every message: what was queried before one must not be cached after it.
        self.generation = 0
        self.answers: OrderedDict[str, Answer] = OrderedDict()
        self._size = 0
        self._targets: defaultdict[tuple[UUID | None, str | None], set[str]] = defaultdict(set)
        self._registries: dict[tuple[str, str], Registry] = {}
        self._past: OrderedDict[tuple[UUID, str], Registry] = OrderedDict()
        self._views: defaultdict[UUID | None, set[tuple[str, str]]] = defaultdict(set)
        self._grants: TtlCache[tuple[UUID, bytes], Grant] = TtlCache(MOST_GRANTS)
        self._admitted: TtlCache[tuple[UUID, bytes], bool] = TtlCache(MOST_ADMITTED)
        self._visitors: TtlCache[tuple[str, bytes], Visitor] = TtlCache(MOST_VISITORS)
        self.acknowledgements = Acknowledgements()

    @property
    def size(self) -> int:
        """Approximate size of the cached responses in bytes."""
        return self._size

    def registry(self, domain: str, path: str) -> Registry | None:
        """Return the registry whose base path begins `path`, if it is cached."""
        end = path.find("/")
        while end > 0:
            found = self._registries.get((domain, path[:end]))
            if found is not None:
                return found
            end = path.find("/", end + 1)
        return None

    def remember_registry(self, registry: Registry, generation: int) -> None:
        """Cache a registry that was looked up at this generation."""
        if self.listening and generation == self.generation:
            if len(self._registries) >= MOST_REGISTRIES:
                self.forget()
            key = (registry.domain.name, registry.base_path)
            self._registries[key] = registry
            for repository in registry.upstreams.repositories:
                self._views[repository].add(key)

    def past(self, registry: Registry, text: str) -> Registry | None:
        """Return a state of the past of a registry by the text that names it, if it is cached."""
        found = self._past.get((registry.pk, text))
        if found is not None:
            self._past.move_to_end((registry.pk, text))
        return found

    def remember_past(self, registry: Registry, generation: int) -> None:
        """Cache a state of the past that was looked up at this generation."""
        if registry.past is None or not self.listening or generation != self.generation:
            return
        self._past[registry.pk, registry.past.text] = registry
        if len(self._past) > MOST_PAST:
            self._past.popitem(last=False)

    def remember_answer(self, target: str, answer: Answer, generation: int) -> None:
        """Cache a response, and evict the least recently used ones when the cache is full."""
        if not self.listening or generation != self.generation:
            return
        self._drop(target)
        self.answers[target] = answer
        for key in answer.keys:
            self._targets[key].add(target)
        self._size += answer.size
        while self._size > settings.CARGO_INDEX_CACHE_BYTES:
            self._drop(next(iter(self.answers)))

    def grant(self, registry: UUID, header: str) -> Grant | None:
        """Return the grant of an Authorization header, None if it is not cached."""
        return self._grants.get((registry, digest(header)))

    def remember_grant(self, registry: UUID, header: str, grant: Grant, generation: int) -> None:
        """Cache the grant of a header for a few seconds, at most until it expires."""
        if self.listening and generation == self.generation:
            seconds = min(settings.CARGO_TOKEN_MEMORY_SECONDS, seconds_left(grant))
            self._grants.put((registry, digest(header)), grant, seconds)

    def visitor(self, domain: str, header: str) -> Visitor | None:
        """Return who sends an Authorization header to a domain, None if that is not cached."""
        return self._visitors.get((domain, digest(header)))

    def remember_visitor(self, domain: str, header: str, visitor: Visitor, generation: int) -> None:
        """Cache who sends a header for a few seconds."""
        if self.listening and generation == self.generation:
            seconds = settings.CARGO_TOKEN_MEMORY_SECONDS
            self._visitors.put((domain, digest(header)), visitor, seconds)

    def is_admitted(self, registry: Registry, headers: Mapping[str, str]) -> bool:
        """Whether the registry's guard has just admitted a request with the same credentials."""
        reads = registry.access.guard_reads
        if reads is None:
            return False
        return self._admitted.get((registry.pk, digest_of(headers, reads))) is not None

    def remember_admitted(
        self, registry: Registry, headers: Mapping[str, str], seconds: float, generation: int
    ) -> None:
        """Cache for `seconds`, limited by the setting, that the guard admitted this request."""
        reads = registry.access.guard_reads
        if reads is None or not self.listening or generation != self.generation:
            return
        seconds = min(seconds, settings.CARGO_TOKEN_MEMORY_SECONDS)
        key = (registry.pk, digest_of(headers, reads))
        self._admitted.put(key, value=True, seconds=seconds)

    def forget(self) -> None:
        """Drop everything."""
        self.generation += 1
        self.answers.clear()
        self._targets.clear()
        self._registries.clear()
        self._past.clear()
        self._views.clear()
        self._forget_people()
        self._size = 0

    def take_notice(self, notice: dict[str, Any]) -> None:
        """Drop what a message makes outdated (see notices/channel for their form)."""
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
            case {"kind": "past", "repository": repository}:
                self._forget_past(UUID(repository))
            case {"kind": "principals"}:
                self._forget_people()
            case _:
                # For "index" as well: it is rare, and any registry may have crates of the remote.
                self.forget()

    def stop_listening(self) -> None:
        """Cache nothing until messages arrive again."""
        self.listening = False
        self.forget()
        self.acknowledgements.stop()

    def _move_on(self, notice: dict[str, Any]) -> None:
        """Let the registries of a repository serve its new version, and keep unchanged responses."""
        repository, number = UUID(notice["repository"]), notice["number"]
        for key in list(self._views.get(repository, ())):
            # What a list or cache serves depends on several repositories, so it is looked up again.
            if self._registries[key].upstreams.listed:
                self._forget_registry(key)
        self._forget_states(repository, with_upstreams=True)
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
        self._visitors.clear()

    def _forget_past(self, repository: UUID) -> None:
        """Look the past up again, after versions were deleted or have lost their labels."""
        self._forget_states(repository)
        self._forget_crates(repository, [PAST])

    def _forget_states(self, repository: UUID, *, with_upstreams: bool = False) -> None:
        for key, state in list(self._past.items()):
            upstreams = state.upstreams
            if repository in upstreams.repositories and (upstreams.listed or not with_upstreams):
                del self._past[key]

    def _forget_repository(self, repository: UUID) -> None:
        self._forget_states(repository)
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
        for key in answer.keys:
            targets = self._targets[key]
            targets.discard(target)
            if not targets:
                del self._targets[key]
