"""What a sync mirrors of an upstream registry.

Crates by name or pattern, each with a requirement, the dependencies of projects, and the packages of
lock files; of these, on request, only the newest versions, and none that are yanked. Without all of
these everything is mirrored. Versions that a lock file names are always mirrored, since a build needs
exactly them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.protocol.line_deps import DEFAULT_FEATURE
from pulp_cargo.protocol.lock_file import LockedPackage, LockFile
from pulp_cargo.protocol.lock_source import RegistrySource
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.registry_url import same_registry
from pulp_cargo.protocol.requirement import ANY, Requirement, parse_requirement
from pulp_cargo.protocol.semver import Version, parse_version
from pulp_cargo.rules.closure import Root, Scope
from pulp_cargo.rules.patterns import parse_pattern, pattern_matches
from pulp_cargo.rules.project_needs import LeftOut, NeededCrate

MOST_CRATES = 10_000
MOST_NEWEST = 10_000


@dataclass(frozen=True, slots=True)
class WantedCrate:
    """Crates by name or pattern, with a requirement; as in a policy, it includes pre-releases."""

    pattern: str
    requirement: Requirement = ANY

    @property
    def name(self) -> str:
        """The pattern, which is the name of a crate if it has no `*`."""
        return self.pattern

    @property
    def is_pattern(self) -> bool:
        """Whether it names several crates."""
        return "*" in self.pattern

    def is_met_by(self, version: Version) -> bool:
        """Return whether a version is in the requirement."""
        return version in self.requirement.range()

    def __str__(self) -> str:
        return self.pattern if self.requirement == ANY else f"{self.pattern}@{self.requirement}"


@dataclass(frozen=True, slots=True)
class Offered:
    """A version as the selection sees it."""

    name: str
    vers: str
    yanked: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """What is mirrored; `locked` has the checksum, if known, by canonical name and `vers`.

    `spelled` has the names of its crates as the lock files write them: most upstreams have the index
    file of a crate under no other name.
    `needed` has the dependencies of projects by canonical name, and `left_out` those that are from
    elsewhere. `newest` is a number of versions of each crate, for each of its requirements that
    projects have; None for all.
    The `closure` has what is in the scope of `all_features` and `targets`. `features` are those that
    are enabled of what is not `needed`, `FEATURE` or `CRATE/FEATURE`; None for all.
    """

    crates: tuple[WantedCrate, ...] = ()
    locked: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    spelled: frozenset[str] = frozenset()
    newest: int | None = None
    yanked: bool = True
    closure: bool = False
    needed: Mapping[str, tuple[NeededCrate, ...]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    all_features: bool = True
    features: tuple[str, ...] | None = None
    targets: tuple[str, ...] | None = None

    @property
    def is_everything(self) -> bool:
        """Whether all crates are mirrored."""
        return not self.crates and not self.locked and not self.needed

    @property
    def is_every_version(self) -> bool:
        """Whether all versions of all crates are mirrored."""
        return self.is_everything and self.newest is None and self.yanked

    @property
    def has_names(self) -> bool:
        """Whether anything is selected by name, so that it is missing if it is not there."""
        return bool(self.locked or self.needed) or any(not x.is_pattern for x in self.crates)

    @property
    def scope(self) -> Scope:
        """What counts as a dependency in the closure."""
        targets = None if self.targets is None else frozenset(self.targets)
        return Scope(all_features=self.all_features, targets=targets)

    @property
    def names(self) -> frozenset[str] | None:
        """The names that are mirrored as given, None if an index has to be listed to find them."""
        if self.is_everything or any(one.is_pattern for one in self.crates):
            return None
        needed = [one.name for deps in self.needed.values() for one in deps]
        named = [one.pattern for one in self.crates]
        spellings = {str(canonical_name(name)): name for name in self.spelled}
        locked = [spellings.get(name, name) for name, _ in self.locked]
        return frozenset([*named, *needed, *locked])

    def wants_crate(self, name: str) -> bool:
        """Return whether any version of a crate may be mirrored."""
        if self.is_everything:
            return True
        if any(pattern_matches(one.pattern, name) for one in self.crates):
            return True
        known = canonical_name(name)
        return known in self.needed or any(known == locked for locked, _ in self.locked)

    def choose(self, name: str, offered: Iterable[Offered]) -> set[str]:
        """Return which versions of a crate are mirrored, by `vers`."""
        there = list(offered)
        if self.is_everything and self.newest is None:
            return {one.vers for one in there if self.yanked or not one.yanked}
        known = canonical_name(name)
        locked = {one.vers for one in there if (known, one.vers) in self.locked}
        wanted = [one for one in there if self._is_wanted(one)]
        groups = [wanted, *self._for_projects(known, there)]
        for group in groups:
            locked |= _newest(group, self.newest) if self.newest else {one.vers for one in group}
        return locked

    def root(self, name: str, vers: str) -> Root:
        """Return a chosen version as a root of the closure, with the features that are enabled."""
        version, enabled = parse_version(vers), set[str]()
        known = canonical_name(name)
        needed = [one for one in self.needed.get(known, ()) if one.is_met_by(version)]
        for one in needed:
            enabled |= one.features
        if (known, vers) in self.locked or self._is_wanted(Offered(name, vers, yanked=False)):
            if self.features is None:
                return Root(name, vers=vers)
            enabled |= {DEFAULT_FEATURE, *_features_of(known, self.features)}
        return Root(name, vers=vers, features=frozenset(enabled), default_features=False)

    def wants(self, one: Offered) -> bool:
        """Return whether a version is mirrored if all versions of its crate are new enough."""
        known = canonical_name(one.name)
        if (known, one.vers) in self.locked or self._is_wanted(one):
            return True
        return any(self._for_projects(known, [one]))

    def other_checksum(self, name: str, vers: str, cksum: str) -> str | None:
        """Return the checksum that a lock file has for a version, None unless it is another one."""
        locked = self.locked.get((canonical_name(name), vers))
        return locked if locked not in (None, cksum) else None

    @property
    def values(self) -> dict[str, Any]:
        """The selection in JSON, for a task."""
        return {
            "crates": sorted(map(str, self.crates)),
            "locked": sorted([*key, cksum or ""] for key, cksum in self.locked.items()),
            **({"spelled": sorted(self.spelled)} if self.spelled else {}),
            "newest": self.newest,
            "yanked": self.yanked,
            "closure": self.closure,
            "needed": sorted(
                [one.name, str(one.requirement), sorted(one.features)]
                for deps in self.needed.values()
                for one in deps
            ),
            "left_out": sorted([one.name, one.req, one.reason] for one in self.left_out),
            "all_features": self.all_features,
            "features": None if self.features is None else sorted(self.features),
            "targets": None if self.targets is None else sorted(self.targets),
        }

    @property
    def digest(self) -> str:
        """A short text that is the same for the same selection."""
        return hashlib.sha256(json.dumps(self.values).encode()).hexdigest()

    def _for_projects(self, known: str, there: Iterable[Offered]) -> Iterator[list[Offered]]:
        """Yield the versions that meet each requirement of a project on a crate."""
        needed = self.needed.get(known, ())
        if not needed:
            return
        usable = [one for one in there if self.yanked or not one.yanked]
        parsed = [(one, parse_version(one.vers)) for one in usable]
        for dep in needed:
            yield [one for one, version in parsed if dep.is_met_by(version)]

    def _is_wanted(self, one: Offered) -> bool:
        if one.yanked and not self.yanked:
            return False
        if self.is_everything:
            return True
        return any(
            pattern_matches(wanted.pattern, one.name)
            and (wanted.requirement == ANY or wanted.is_met_by(parse_version(one.vers)))
            for wanted in self.crates
        )


def selection_of(values: Mapping[str, Any]) -> Selection:
    """Return the selection that has these `values`.

    >>> chosen = Selection((WantedCrate("serde"),), {("itoa", "1.0.0"): None}, newest=2)
    >>> selection_of(chosen.values) == chosen
    True
    """
    return Selection(
        crates=tuple(map(parse_wanted_crate, values["crates"])),
        locked={(name, vers): cksum or None for name, vers, cksum in values["locked"]},
        spelled=frozenset(values.get("spelled", ())),
        newest=values["newest"],
        yanked=values["yanked"],
        closure=values["closure"],
        needed=_needed(values.get("needed", ())),
        left_out=tuple(LeftOut(*one) for one in values.get("left_out", ())),
        all_features=values.get("all_features", True),
        features=_texts(values.get("features")),
        targets=_texts(values.get("targets")),
    )


def _needed(rows: Iterable[tuple[str, str, list[str]]]) -> dict[str, tuple[NeededCrate, ...]]:
    found: dict[str, tuple[NeededCrate, ...]] = {}
    for name, req, features in rows:
        one = NeededCrate(name, parse_requirement(req), frozenset(features))
        known = canonical_name(name)
        found[known] = (*found.get(known, ()), one)
    return found


def _texts(values: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def _features_of(known: str, features: Iterable[str]) -> Iterator[str]:
    """Yield the features that are enabled of a crate."""
    for text in features:
        crate, slash, feature = text.partition("/")
        if not slash:
            yield text
        elif canonical_name(crate) == known:
            yield feature


def parse_wanted_crate(text: str) -> WantedCrate:
    """Parse a crate as `cargo add` names it: a name or pattern, perhaps with `@` and a requirement.

    >>> parse_wanted_crate("tokio-*"), str(parse_wanted_crate("serde@1.0.100"))
    (WantedCrate(pattern='tokio-*', requirement=Requirement(comparators=())), 'serde@^1.0.100')
    """
    pattern, at, requirement = text.partition("@")
    if at and not requirement.strip():
        raise BadRequest(f"the crate {text!r} has no requirement after the `@`")
    return WantedCrate(parse_pattern(pattern), parse_requirement(requirement) if at else ANY)


def locked_packages(
    locks: Iterable[LockFile], registries: Iterable[str]
) -> dict[tuple[str, str], str | None]:
    """Return the packages of lock files that are from one of the registries, by name and `vers`."""
    found: dict[tuple[str, str], str | None] = {}
    for package in _packages(locks, tuple(registries)):
        key = canonical_name(package.name), package.vers
        found[key] = found.get(key) or package.cksum
    return found


def locked_names(locks: Iterable[LockFile], registries: Iterable[str]) -> frozenset[str]:
    """Return the names of these packages as the lock files write them."""
    return frozenset(package.name for package in _packages(locks, tuple(registries)))


def _packages(locks: Iterable[LockFile], registries: Sequence[str]) -> Iterator[LockedPackage]:
    for lock in locks:
        for package in lock.packages:
            source = package.source
            if isinstance(source, RegistrySource) and any(
                same_registry(source.url, url) for url in registries
            ):
                yield package


def _newest(offered: Iterable[Offered], count: int) -> set[str]:
    """Return the highest versions that are not yanked; pre-releases only if there is nothing else."""
    parsed = [(parse_version(one.vers), one.vers) for one in offered if not one.yanked]
    releases = [pair for pair in parsed if not pair[0].is_prerelease]
    ordered = sorted(releases or parsed, key=_order, reverse=True)
    return {vers for _, vers in ordered[:count]}


def _order(pair: tuple[Version, str]) -> tuple[object, ...]:
    return pair[0].order
