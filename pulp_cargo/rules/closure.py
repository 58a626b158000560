"""The versions of a registry that cargo may need for some crates: the closure of their dependencies.

The search follows cargo's rules: requirements are matched as by its resolver, a yanked version is
used only if it is named exactly (as by a lock file), dev-dependencies count for roots only, and
dependencies on other registries are reported. It goes breadth-first, and asks for the index lines
of many crates at once.

The result is over-approximated, so that a registry which has only these versions suffices:
- Conflicts between requirements are not resolved. If two requirements of compatible versions have
  different newest versions, the closure has both, although cargo would use only one.
- `Scope.all_features`, the default, follows each optional dependency of each crate. Otherwise only
  those count which the enabled features need; `dep?/feature` counts as `dep/feature`, as in cargo's
  resolver, which writes such dependencies to the lock file.
- Of a dependency for certain targets, only target triples are compared: a `cfg(…)` counts always.

    search = ClosureSearch([Root("serde", parse_requirement("1"))])
    while search.missing:
        search.add(look_up(search.missing))
    closure = search.closure()
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple

from pulp_cargo.protocol.line_deps import LineDep
from pulp_cargo.protocol.requirement import ANY, Requirement
from pulp_cargo.rules.enabled_deps import EnabledDeps
from pulp_cargo.rules.matching import (
    CrateVersions,
    ReadVersion,
    Reason,
    Take,
    V,
    Wanted,
    newest_of_each_range,
)

# Maximum number of dependents that are named for a requirement; others are counted.
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Root:
    """A requirement that the search begins with; `vers` names one version, which may be yanked.

    `features` are the enabled ones besides `default`; None enables all of them. With `dev`, the
    dev-dependencies of the matching versions count.
    """

    name: str
    requirement: Requirement = ANY
    vers: str | None = None
    features: frozenset[str] | None = None
    default_features: bool = True
    dev: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """What counts as a dependency: optional ones of all features or not, and for which targets.

    `targets` are target triples, None for all. They must include the host, which runs build scripts
    and macros.
    """

    all_features: bool = True
    targets: frozenset[str] | None = None

    def has(self, dep: LineDep) -> bool:
        """Return whether a dependency may be built for one of the targets."""
        if self.targets is None or dep.target is None or dep.target.startswith("cfg("):
            return True
        return dep.target in self.targets


class Dependent(NamedTuple):
    """A version that needs another one."""

    name: str
    vers: str

    def __str__(self) -> str:
        return f"{self.name} {self.vers}"


@dataclass(slots=True)
class Dependents:
    """Who needs something: the first ones by name, all of them by number."""

    named: dict[Dependent, None] = field(default_factory=dict)
    count: int = 0
    last: Dependent | None = None

    def add(self, by: Dependent) -> None:
        """Add one, of which the previous one may be a repetition."""
        # A version asks again whenever another of its features is enabled.
        if by in self.named or by == self.last:
            return
        self.last = by
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named[by] = None

    @property
    def first(self) -> Dependent | None:
        """The first one, None if there is none."""
        return next(iter(self.named), None)


@dataclass(frozen=True, slots=True)
class Needed(Generic[V]):
    """A version of the closure, and the first version found that needs it: None for a root."""

    name: str
    version: V
    needed_by: Dependent | None


@dataclass(frozen=True, slots=True)
class Unmet:
    """A requirement that no version meets; `there` has all versions of the crate, newest first.

    `needed_by` names at most `MOST_NAMED` of its `dependents`; a root has none.
    """

    name: str
    req: str
    reason: Reason
    there: tuple[str, ...]
    needed_by: tuple[Dependent, ...]
    dependents: int


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A dependency on another registry, named as `Unmet` does."""

    registry: str
    name: str
    req: str
    needed_by: tuple[Dependent, ...]
    dependents: int


@dataclass(frozen=True, slots=True)
class Closure(Generic[V]):
    """The versions that cargo may need, in the order in which they were found, and what is amiss."""

    versions: tuple[Needed[V], ...]
    unmet: tuple[Unmet, ...]
    elsewhere: tuple[Elsewhere, ...]


class ClosureSearch(Generic[V]):
    """A search for a closure; the caller looks up the index lines of the crates in `missing`.

    Its cost is bounded by the size of the lines, and the number of pairs of a requirement and a
    version that it takes.
    """

    def __init__(
        self,
        roots: Iterable[Root],
        scope: Scope = Scope(),
        take: Take[V] = newest_of_each_range,
    ) -> None:
        self._scope = scope
        self._take = take
        self._crates: dict[str, CrateVersions[V]] = {}
        self._requests: dict[tuple[str, str, bool], _Request[V]] = {}
        self._elsewhere: dict[tuple[str, str, str], Dependents] = {}
        self._nodes: dict[Dependent, _Node[V]] = {}
        # The crates that have been asked for and not been looked up, with what is asked of them.
        self._waiting: dict[str, list[tuple[_Request[V], _Asked]]] = {}
        self._exact: dict[str, set[str]] = {}
        self._queue: deque[tuple[_Node[V], _Asked]] = deque()
        for root in roots:
            self._ask_root(root)

    @property
    def missing(self) -> list[str]:
        """The crates to look up next, sorted; dependencies may have any text for a name."""
        return sorted(self._waiting)

    @property
    def size(self) -> int:
        """The number of versions found so far."""
        return len(self._nodes)

    def add(self, versions: Mapping[str, Iterable[V]]) -> None:
        """Take the versions of all crates in `missing`; a crate that has no key does not exist.

        The key is the name that was asked for. Cargo compares names exactly, so a look-up must not
        find another spelling.
        """
        waiting, self._waiting = self._waiting, {}
        for name in waiting:
            exact = self._exact.get(name, ())
            self._crates[name] = CrateVersions(versions.get(name, ()), exact)
        for requests in waiting.values():
            for request, asked in requests:
                self._answer(request, asked)
        while self._queue:
            node, asked = self._queue.popleft()
            self._follow(node, asked)

    def closure(self) -> Closure[V]:
        """Return the result, which is complete when nothing is missing."""
        unmet = (self._unmet(request) for request in self._requests.values())
        return Closure(
            tuple(Needed(node.id.name, node.listed, node.by) for node in self._nodes.values()),
            tuple(one for one in unmet if one is not None),
            tuple(
                Elsewhere(registry, name, req, tuple(needed_by.named), needed_by.count)
                for (registry, name, req), needed_by in self._elsewhere.items()
            ),
        )

    def _ask_root(self, root: Root) -> None:
        if root.vers is not None:
            self._exact.setdefault(root.name, set()).add(root.vers)
        requested = root.features or frozenset()
        if root.default_features:
            requested |= {"default"}
        req = str(root.requirement) if root.vers is None else f"={root.vers}"
        key = (root.name, req, root.vers is not None)
        request = self._requests.setdefault(
            key, _Request(root.name, req, Wanted(root.requirement, root.vers))
        )
        self._answer(request, _Asked(requested, root.features is None, root.dev))

    def _ask(self, dep: LineDep, features: frozenset[str], by: Dependent) -> None:
        """Look for versions that meet a dependency, or wait until they are looked up."""
        if dep.registry is not None:
            other = (dep.registry, dep.crate, dep.req)
            self._elsewhere.setdefault(other, Dependents()).add(by)
            return
        key = (dep.crate, dep.req, False)
        request = self._requests.get(key)
        if request is None:
            request = self._requests[key] = _Request(dep.crate, dep.req, Wanted(dep.requirement))
        request.dependents.add(by)
        self._answer(request, _Asked(features))

    def _answer(self, request: "_Request[V]", asked: "_Asked") -> None:
        crate = self._crates.get(request.name)
        if crate is None:
            self._waiting.setdefault(request.name, []).append((request, asked))
            return
        if request.taken is None:
            request.taken = [
                self._node(request, one) for one in crate.take(request.wanted, self._take)
            ]
        asked = request.new_of(asked)
        if asked.is_any:
            self._queue.extend((node, asked) for node in request.taken)

    def _node(self, request: "_Request[V]", read: ReadVersion[V]) -> "_Node[V]":
        key = Dependent(request.name, read.listed.vers)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = _Node(
                key,
                read.listed,
                request.dependents.first,
                EnabledDeps(read.deps, self._scope.has, all_features=self._scope.all_features),
            )
        return node

    def _follow(self, node: "_Node[V]", asked: "_Asked") -> None:
        enabled = node.deps.enable(asked.features, every=asked.every, dev=asked.dev)
        for dep, features in enabled:
            self._ask(dep, features, node.id)

    def _unmet(self, request: "_Request[V]") -> Unmet | None:
        if request.taken is None or request.taken:
            return None
        crate = self._crates[request.name]
        named = request.dependents
        return Unmet(
            request.name,
            request.req,
            crate.reason(request.wanted),
            crate.all,
            tuple(named.named),
            named.count,
        )


class _Asked(NamedTuple):
    """What is asked of versions: features, or every one, and their dev-dependencies."""

    features: frozenset[str]
    every: bool = False
    dev: bool = False
    first: bool = False

    @property
    def is_any(self) -> bool:
        return bool(self.features) or self.every or self.dev or self.first


@dataclass(slots=True)
class _Request(Generic[V]):
    """All dependencies on a crate with the same requirement; `taken` is None until looked up."""

    name: str
    req: str
    wanted: Wanted
    dependents: Dependents = field(default_factory=Dependents)
    taken: "list[_Node[V]] | None" = None
    features: set[str] = field(default_factory=set)
    every: bool = False
    dev: bool = False
    asked: bool = False

    def new_of(self, asked: _Asked) -> _Asked:
        """Return what was not asked before, and remember it."""
        new = _Asked(
            asked.features - self.features,
            asked.every and not self.every,
            asked.dev and not self.dev,
            first=not self.asked,
        )
        self.features |= asked.features
        self.every |= asked.every
        self.dev |= asked.dev
        self.asked = True
        return new


@dataclass(slots=True)
class _Node(Generic[V]):
    """A version of the closure."""

    id: Dependent
    listed: V
    by: Dependent | None
    deps: EnabledDeps
